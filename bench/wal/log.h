// The log, doing what raw.h's loops do. Each is a Contender. Segments are segment_bytes, retention
// is off.
#pragma once

#include <cstddef>
#include <cstdint>

#include "bench/wal/measure.h"

namespace rebuf::bench {

// write() of `bytes` by `threads` at once, each durable when it returned. Entries a second.
Contender log_synced(std::size_t bytes, int threads, std::uint64_t preallocate = 0);
// write_batch() of `count` by one thread, the same otherwise.
Contender log_synced_batches(std::size_t bytes, std::size_t count, std::uint64_t preallocate = 0);
// As log_synced; the 99th of a hundred of its times, microseconds.
Contender log_synced_p99(std::size_t bytes, int threads);
// append() with `outstanding` on the way, each durable when its completion came. Entries a second.
Contender log_appending(std::size_t bytes, std::size_t outstanding, bool synced);
// SyncStrategy::manual: what returned is written, not synced. Entries a second.
Contender log_unsynced(std::size_t bytes);
Contender log_batches(std::size_t bytes, std::size_t count);
// replay() of `total` bytes of entries. Bytes of entries a second, framed.
Contender log_replay(std::size_t bytes, std::size_t total, bool cold);
// The same files read by a loop of bare preads of 256 KiB. Bytes a second.
Contender raw_replay(std::size_t bytes, std::size_t total, bool cold);
// log_synced by 16 threads while one thread replays, and one follows the tail, all the time.
Contender log_synced_while_read(std::size_t bytes);

}  // namespace rebuf::bench
