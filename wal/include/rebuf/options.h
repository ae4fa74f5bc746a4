// How a log is opened. Defaults are the Go library's.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string_view>

#include "rebuf/position.h"
#include "rebuf/status.h"

namespace rebuf {

class FileSystem;

using Bytes = std::span<const std::byte>;

// When what was written reaches the disk. See the table at the top of log.h.
enum class SyncStrategy : std::uint8_t { every_write, interval, manual };

// What happens at rotation while max_segments completed segments stand.
enum class OnFull : std::uint8_t {
  drop_oldest,  // the lowest goes, as in the Go library
  refuse,       // the write fails with Code::full and changes nothing
};

enum class LogLevel : std::uint8_t { debug, info, warning, error };

// One append() that ended; see Log::append.
struct Appended {
  std::uint64_t tag = 0;  // as given to append()
  Status status;          // ok: on disk as the sync strategy promises
  Position first;         // of the group's first entry; the rest follow it in the same segment
  std::uint64_t entries = 0;
};

// What one group commit did; for metrics.
struct CommitInfo {
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;                // framed
  std::chrono::nanoseconds sync_time{0};  // of fdatasync; 0 when the strategy did not sync here
};

struct Options {
  static constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();

  std::uint64_t max_log_size = 10ULL << 20;    // bytes of a segment before it is completed; > 12
  std::uint64_t max_segments = 10;             // completed segments kept; >= 1
  std::chrono::milliseconds fsync_time{5000};  // SyncStrategy::interval: > 0
  SyncStrategy sync_strategy = SyncStrategy::every_write;
  OnFull on_full = OnFull::drop_oldest;
  std::uint64_t preallocate = 0;    // bytes allocated ahead of the active file's end; 0 = none
  std::filesystem::path state_dir;  // cursor and quarantine; empty: "<dir>.state"
  std::uint64_t max_quarantine_bytes = 0;  // 0: four times max_log_size

  // Told of what open and replay found (damage, foreign files) and of failed background syncs. Any
  // thread of the log's, no lock held. Unset: silence.
  std::function<void(LogLevel, std::string_view)> logger;
  // Ends of append()s, in order, several at a time. The commit thread, no lock held. It may read
  // and append; what waits for a commit (write, write_batch, sync, seal, purge, close) would wait
  // for this very thread and is refused with Code::invalid_argument.
  std::function<void(std::span<const Appended>)> on_appended;
  // After each commit, before its callers return. The committing thread, no lock held; nobody else
  // commits meanwhile, so it must not call the log.
  std::function<void(const CommitInfo&)> on_commit;
  // Reads a dense number that the caller stores in each entry (empty: the entry has none). With it,
  // an entry found behind damage is believed only if its number lies between its neighbours', and a
  // cursor only if the numbers before it do.
  std::function<std::optional<std::uint64_t>(Bytes data)> ordinal_of;
  // The seam that tests replace. Null: the real file system. Must outlive the log.
  FileSystem* file_system = nullptr;
};

}  // namespace rebuf
