// A child process whose output goes to a file. It ends with its owner, and with the thread that
// started it, should that die first. One thread.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace rebuf::e2e {

class Process {
 public:
  // Output is appended to `output`.
  Process(const std::vector<std::string>& command, const std::filesystem::path& output);
  ~Process();  // SIGKILL
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  void send(int signal) const;
  // The exit status (128 + signal when one ended it), or nothing when it still runs after that
  // long.
  [[nodiscard]] std::optional<int> wait(std::chrono::milliseconds time_limit);

 private:
  pid_t pid_ = -1;
  std::optional<int> status_;
};

// Runs a command to its end; its output and exit status. Fails the test after a minute.
struct Finished {
  int status = 0;
  std::string output;
};
[[nodiscard]] Finished run(const std::vector<std::string>& command);

}  // namespace rebuf::e2e
