// The device and the kernel alone: what a loop of bare system calls does. Each is a Contender; the
// work is what its log counterpart (log.h) does, over files of the same size.
#pragma once

#include <cstddef>
#include <cstdint>

#include "bench/wal/measure.h"

namespace rebuf::bench {

// What both sides of a row write into one file before they go to the next.
inline constexpr std::uint64_t segment_bytes = 64U << 20;
// What both sides of an unsynced row write: less than the kernel begins to write back meanwhile.
inline constexpr std::uint64_t unsynced_bytes = 768U << 20;
inline constexpr std::size_t frame_bytes = 12;  // beside each entry

// How a write is made durable, and whether the file was allocated before.
enum class Durable : std::uint8_t { fdatasync, o_dsync };
enum class Space : std::uint8_t { grows, allocated };

// One thread: write of a framed entry at the end, sync, again. Entries a second.
Contender raw_synced(std::size_t bytes, Durable durable = Durable::fdatasync,
                     Space space = Space::grows);
// The same; the median of its times, microseconds.
Contender raw_sync_time(std::size_t bytes);
// Frame an entry (size, CRC, data), one write; no sync. Entries a second.
Contender raw_unsynced(std::size_t bytes);
// writev of `count` framed entries at a time (header and data apart, framed before), no sync.
// Entries a second.
Contender raw_vectored(std::size_t bytes, std::size_t count);
// The page cache filled with writes of 256 KiB, no sync. Counted in entries of `bytes` with their
// frame.
Contender raw_filling(std::size_t bytes);

}  // namespace rebuf::bench
