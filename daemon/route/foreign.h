// Identity of entries that a Go writer left in the log: made from where they stand, so that every
// delivery of one carries the same id.
#pragma once

#include <array>
#include <cstdint>

#include "rebuf/position.h"
#include "sinks/message.h"

namespace rebuf::daemon {

using IdPrefix = std::array<std::uint8_t, 8>;

// A prefix for each segment (times an odd number, so that no two are the same), start number 0,
// which no process uses, and the offset, of which a segment has less than the 40 bits hold.
inline sinks::MessageId foreign_id(const IdPrefix& prefix, Position at) {
  sinks::MessageId id;
  const std::uint64_t segment = at.segment * 0x9E3779B97F4A7C15ULL;
  for (std::size_t i = 0; i < prefix.size(); ++i)
    id.bytes[i] = static_cast<std::uint8_t>(prefix[i] ^ segment >> (8 * i));
  for (std::size_t i = 0; i < 5; ++i)
    id.bytes[15 - i] = static_cast<std::uint8_t>(at.offset >> (8 * i));
  return id;
}

}  // namespace rebuf::daemon
