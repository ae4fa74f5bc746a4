// The test's hand inside rebufd's process: a disk that fails, a wall clock that jumps. Give
// environment() to the daemon before it starts. Any thread.
#pragma once

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "interposed.h"

namespace rebuf::e2e {

class Saboteur {
 public:
  // `home` must live as long.
  explicit Saboteur(const std::filesystem::path& home);
  ~Saboteur();
  Saboteur(const Saboteur&) = delete;
  Saboteur& operator=(const Saboteur&) = delete;

  [[nodiscard]] std::vector<std::string> environment() const;

  // From now on, everything that rebufd writes to its data directory; 0: works again.
  void fail_writes(int error) { shared_->write_error = error; }
  void fail_syncs(int error) { shared_->sync_error = error; }
  void shift_clock(std::chrono::seconds by) { shared_->clock_shift_s = by.count(); }
  void heal();  // disk and clock

 private:
  const std::filesystem::path file_;
  Interposed* shared_ = nullptr;
};

}  // namespace rebuf::e2e
