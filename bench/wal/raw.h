// The device and the kernel alone: what a loop of bare system calls does. Each is a Contender; the
// work is what its log counterpart (log.h) does.
#pragma once

#include <cstddef>

#include "bench/wal/measure.h"

namespace rebuf::bench {

// One thread: write of `bytes` at the end, fdatasync, again. Entries a second.
Contender raw_synced(std::size_t bytes);
// One write of a framed entry at a time, no sync. Entries a second.
Contender raw_unsynced(std::size_t bytes);
// writev of `count` framed entries at a time (header and data apart), no sync. Entries a second.
Contender raw_vectored(std::size_t bytes, std::size_t count);
// The page cache filled with writes of 256 KiB, no sync. Counted in entries of `bytes` with their
// frame.
Contender raw_filling(std::size_t bytes);
// pread of 256 KiB at a time over files of `total` bytes; `cold`: after dropping them from the page
// cache. Bytes a second.
Contender raw_reading(std::size_t total, bool cold);

}  // namespace rebuf::bench
