// A progress bar on stderr, when that is a terminal; nothing otherwise. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace rebuf::ctl {

class Progress {
 public:
  Progress(std::string what, std::uint64_t total_bytes);
  ~Progress();  // wipes the bar
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void add(std::uint64_t bytes);

 private:
  void draw();
  const std::string what_;
  const std::uint64_t total_;
  const bool shown_;
  std::uint64_t done_ = 0;
  std::chrono::steady_clock::time_point drawn_{};
};

}  // namespace rebuf::ctl
