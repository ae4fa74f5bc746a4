// Durations: `500ms`, `5s`, `1h30m`, `3d`.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "config/parsed.h"

namespace rebuf::config {

// Within [min, max].
[[nodiscard]] Parsed<std::chrono::milliseconds> parse_duration(std::string_view text,
                                                               std::chrono::milliseconds min,
                                                               std::chrono::milliseconds max);
// Exact, as parse_duration reads it.
[[nodiscard]] std::string format_duration(std::chrono::milliseconds duration);

}  // namespace rebuf::config
