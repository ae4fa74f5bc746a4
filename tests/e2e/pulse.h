// How long this machine takes for a little at worst, while a run lasts: a thread wakes up every few
// milliseconds, and syncs a file. What a promise says of a time is rebufd's to keep on a machine
// that gives it a processor and a disk; what the machine itself withheld, this has measured beside
// it.
#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <thread>

namespace rebuf::e2e {

class Pulse {
 public:
  // Syncs a file in `directory`, which outlives it.
  explicit Pulse(const std::filesystem::path& directory);
  ~Pulse();
  Pulse(const Pulse&) = delete;
  Pulse& operator=(const Pulse&) = delete;

  // From when it was to wake up to when its sync was done. Ends the measuring.
  [[nodiscard]] std::chrono::nanoseconds longest();

 private:
  void run(const std::filesystem::path& file);

  std::atomic<bool> done_{false};
  std::chrono::nanoseconds longest_{};
  std::thread thread_;
};

// Whether an answer that took as long kept the promise that nobody waits longer than spill_after
// and a second. On its way are some threads that have to wake up, and syncs.
[[nodiscard]] bool within_promise(std::chrono::nanoseconds wait,
                                  std::chrono::nanoseconds spill_after, Pulse& pulse);

}  // namespace rebuf::e2e
