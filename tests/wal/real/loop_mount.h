// A small file system of a test's own, on a loop image, whose power can be cut. Needs root, loop
// devices and mkfs; where these are missing the test must say so and leave with skipped().
#pragma once

#include <filesystem>
#include <string>

#include "tests/wal/real/commands.h"

namespace rebuf::test {

// What CMake gives ctest as SKIP_RETURN_CODE.
inline constexpr int skip_exit_code = 77;
// Prints SKIPPED and the reason, and ends the process so that ctest counts the test as skipped.
[[noreturn]] void skipped(const std::string& reason);

class LoopMount {
 public:
  // `type` is ext4 or xfs. Leaves with skipped() where that cannot be.
  LoopMount(const std::string& type, int size_mib);
  ~LoopMount();
  LoopMount(const LoopMount&) = delete;
  LoopMount& operator=(const LoopMount&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  // From now on nothing reaches the disk; what is still in the journal's memory is lost, unless
  // `flush_journal`.
  void cut_power(bool flush_journal);
  void remount(const std::string& options = "rw");

 private:
  TemporaryDirectory temp_;
  std::filesystem::path image_;
  std::filesystem::path path_;
};

}  // namespace rebuf::test
