// Looking into a log directory from outside: read-only, without the lock, a live directory too.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "rebuf/options.h"
#include "rebuf/reader.h"

namespace rebuf {

struct SegmentReport {
  SegmentId id = 0;
  bool active = false;
  std::string file;  // name within the directory
  std::uint64_t file_bytes = 0;
  std::uint64_t entries = 0;
  std::uint64_t entry_bytes = 0;      // framed
  std::uint64_t unwritten_bytes = 0;  // zeros at the end of the active file
};

struct VerifyReport {
  std::vector<SegmentReport> segments;  // in log order, the active one last
  std::vector<Damage> damages;          // in log order; a torn tail of the active file is one
  std::vector<std::string> foreign_files;
  std::uint64_t zero_entries = 0;
  [[nodiscard]] bool clean() const { return damages.empty(); }
};

struct ScanOptions {
  SegmentId from = 0;                               // completed segments below are passed over
  std::function<Status(const EntryRef&)> on_entry;  // an error stops the scan, which returns it
  std::function<void(const SegmentReport&)> on_segment;  // after each segment; for progress
  std::function<std::optional<std::uint64_t>(Bytes)> ordinal_of;  // as in Options
  // The active file's last entry may just be written: a torn one is damage when it has not moved
  // for so long. (The kernel holds a writer up for 200 ms at a time.)
  std::chrono::milliseconds tail_patience{250};
  FileSystem* file_system = nullptr;
};

// Reads everything and says what stands there. Changes nothing.
[[nodiscard]] Result<VerifyReport> scan(const std::filesystem::path& dir,
                                        const ScanOptions& options = {});

// Takes the lock and leaves a directory that the Go library's reader accepts whole: damaged spans
// and torn tails go to quarantine (Options::state_dir), intact entries stay in order. Refuses a
// live directory with Code::locked.
[[nodiscard]] Result<VerifyReport> repair(const std::filesystem::path& dir,
                                          const Options& options = {});

}  // namespace rebuf
