// Identity of entries that a Go writer left in the log: made from where they stand, so that every
// delivery of one carries the same id.
#pragma once

#include <array>
#include <cstdint>

#include "rebuf/position.h"
#include "sinks/message.h"

namespace rebuf::daemon {

using IdPrefix = std::array<std::uint8_t, 8>;

// Start number 0, which no process uses, then 16 bits of the segment and 24 of the offset in steps
// of 8 bytes (an entry takes 13).
inline sinks::MessageId foreign_id(const IdPrefix& prefix, Position at) {
  sinks::MessageId id;
  for (std::size_t i = 0; i < prefix.size(); ++i) id.bytes[i] = prefix[i];
  const std::uint64_t count = (at.segment & 0xFFFF) << 24 | (at.offset / 8 & 0xFFFFFF);
  for (std::size_t i = 0; i < 5; ++i)
    id.bytes[15 - i] = static_cast<std::uint8_t>(count >> (8 * i));
  return id;
}

}  // namespace rebuf::daemon
