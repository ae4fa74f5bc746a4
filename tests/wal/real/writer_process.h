// A process with many threads that write to one log and say through a pipe what was acknowledged,
// so that it can be killed, or its disk taken away, at any moment. One more thread follows the
// tail, saves the cursor and purges what it passed.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "rebuf/log.h"

namespace rebuf::test {

// What one writer's n-th entry is. Rounds count processes.
struct Name {
  std::uint16_t round = 0;
  std::uint16_t thread = 0;
  std::uint32_t number = 0;  // from 1
  friend auto operator<=>(const Name&, const Name&) = default;
  [[nodiscard]] std::string data() const;  // 20 to 1,500 bytes
};
[[nodiscard]] std::optional<Name> name_in(const std::string& data);

// What all rounds of a test said.
struct Told {
  std::set<Name> acknowledged;
  std::set<Name> too_late;       // acknowledged by a file system whose power was already cut
  std::set<Name> may_be_purged;  // the cursor was about to pass them

  // What is wrong with what a replay gives now: an acknowledged entry is missing, one was never
  // written or is written twice, or a writer's entries are out of order.
  [[nodiscard]] std::optional<std::string> contradiction(
      const std::vector<std::string>& replayed) const;
};

class WriterProcess {
 public:
  WriterProcess(const std::filesystem::path& dir, const Options& options, int threads, int round);
  ~WriterProcess();  // kills
  WriterProcess(const WriterProcess&) = delete;
  WriterProcess& operator=(const WriterProcess&) = delete;

  // Listens until that much time is over, but to the first acknowledgement at least.
  void listen(std::chrono::milliseconds time, Told& told);
  // The power is about to be cut: what is acknowledged from now on nobody would have heard, and a
  // file system that was shut down has been seen to answer fdatasync with success.
  void power_goes() { power_went_ = Clock::now(); }
  // SIGKILL; listens to the last word.
  void kill(Told& told);

 private:
  using Clock = std::chrono::steady_clock;
  bool take(int timeout_ms, Told& told);  // false: the process is gone

  ::pid_t pid_ = -1;
  int pipe_ = -1;
  Clock::time_point power_went_ = Clock::time_point::max();
};

}  // namespace rebuf::test
