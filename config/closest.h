// "Did you mean …?"
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace rebuf::config {

// Insertions, deletions, replacements and swapped neighbours that make one from the other.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

// "did you mean `x`?" when one of the names is close to `word`; else empty.
[[nodiscard]] std::string did_you_mean(std::string_view word, std::span<const std::string> names);

// "a, b or c"
[[nodiscard]] std::string one_of(std::span<const std::string> names);

// For messages: in backticks, unprintable bytes as \xNN, not longer than a line.
[[nodiscard]] std::string in_ticks(std::string_view text);

}  // namespace rebuf::config
