// Sizes: `16MiB`, `64KiB`, `1GiB`, `512` (bytes).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "config/parsed.h"

namespace rebuf::config {

inline constexpr std::uint64_t KiB = 1ULL << 10;
inline constexpr std::uint64_t MiB = 1ULL << 20;
inline constexpr std::uint64_t GiB = 1ULL << 30;
inline constexpr std::uint64_t TiB = 1ULL << 40;

// Bytes within [min, max].
[[nodiscard]] Parsed<std::uint64_t> parse_size(std::string_view text, std::uint64_t min,
                                               std::uint64_t max);
// Exact, in the largest unit that is.
[[nodiscard]] std::string format_size(std::uint64_t bytes);

}  // namespace rebuf::config
