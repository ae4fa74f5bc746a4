// limits.keep_free: how many bytes may still be appended, over all routes, before only that much is
// left on the data file system. The file system is asked now and then, and what was appended since
// is counted, so that a fast disk and a late look go no further. Thread-safe; one for the daemon.
#pragma once

#include <rebuf/file_system.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <mutex>

namespace rebuf::daemon {

class DiskSpace {
 public:
  // `keep_free` bytes; 0: nothing is kept free and the file system is not asked. `disk` outlives
  // it.
  DiskSpace(std::filesystem::path dir, std::uint64_t keep_free,
            FileSystem& disk = FileSystem::real());

  // Asks the file system unless that was done within the last 20 ms; after a purge, at once.
  // Blocks.
  void look();
  void look_at_once();

  // Bytes; without limit while keep_free is 0, or nobody could say what is free.
  [[nodiscard]] std::uint64_t room() const;
  // Less than half of keep_free was left at the last look.
  [[nodiscard]] bool half_used() const { return half_used_; }

  void appending(std::uint64_t bytes) { appended_ += bytes; }
  void ended(std::uint64_t bytes) { ended_ += bytes; }  // it is written, or it failed

 private:
  static constexpr auto without_limit = std::numeric_limits<std::uint64_t>::max();

  void ask();  // under mutex_

  const std::filesystem::path dir_;
  const std::uint64_t keep_free_;
  FileSystem& disk_;
  std::mutex mutex_;
  std::chrono::steady_clock::time_point looked_at_{};  // guarded by mutex_
  std::atomic<std::uint64_t> appended_{0};             // ever, in bytes
  std::atomic<std::uint64_t> ended_{0};                // of these: the file system knows them
  std::atomic<std::uint64_t> limit_{without_limit};    // of appended_
  std::atomic<bool> half_used_{false};
};

}  // namespace rebuf::daemon
