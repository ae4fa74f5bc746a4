// A log with a long backlog: what opening it costs, and whom a purge of it holds up. Each is a
// Contender that gives one figure. The backlog's files are allocated, as if they had been written
// long ago, and hold one right entry each, whose data reads as zeros.
#pragma once

#include <cstdint>

#include "bench/wal/measure.h"

namespace rebuf::bench {

struct Backlog {
  std::uint64_t segments = 0;
  std::uint64_t segment_bytes = 0;
};

// Milliseconds of Log::open.
Contender time_to_open(const Backlog& backlog);
// Resident megabytes that opening takes beyond what it takes for an empty log.
Contender memory_to_open(const Backlog& backlog);
// One thread does synced writes of `bytes` while all of the backlog is purged: its longest write,
// in medians of those before.
Contender longest_write_in_purge(const Backlog& backlog, std::size_t bytes);
// The same of a loop of write + fdatasync, while the same files are unlinked one after the other.
Contender longest_write_in_unlinks(const Backlog& backlog, std::size_t bytes);

}  // namespace rebuf::bench
