// Where an entry stands in a log directory.
#pragma once

#include <compare>
#include <cstdint>

namespace rebuf {

// Number of a segment. The active segment (rebuf.tmp) has the number that it will get when it is
// completed.
using SegmentId = std::uint64_t;

// A byte position: an offset within a segment. Positions of one log compare in log order.
struct Position {
  SegmentId segment = 0;
  std::uint64_t offset = 0;  // bytes from the start of the segment file
  friend auto operator<=>(const Position&,
                          const Position&) = default;  // NOLINT(modernize-use-nullptr)
};

}  // namespace rebuf
