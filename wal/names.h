// Names of the files in a log directory. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "rebuf/position.h"

namespace rebuf {

inline constexpr std::string_view active_name = "rebuf.tmp";

// Beyond every number that a log can reach by counting, and within the Go library's int.
inline constexpr SegmentId max_segment_id = SegmentId{1} << 62;

[[nodiscard]] std::string segment_name(SegmentId id);  // "rebuf-7"

// The number of a completed segment's name; empty for every other name ("rebuf-07" too).
[[nodiscard]] std::optional<SegmentId> parse_segment_name(std::string_view name);

}  // namespace rebuf
