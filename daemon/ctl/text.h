// Figures and tables for people.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rebuf::ctl {

[[nodiscard]] std::string bytes_text(std::uint64_t bytes);      // "1.5 MiB"
[[nodiscard]] std::string duration_text(double seconds);        // "1 h 2 min"
[[nodiscard]] std::string time_text(std::int64_t ms_of_epoch);  // "2026-11-25T12:00:00.123Z"

// Columns as wide as their widest cell; the first row is the head. Cells are UTF-8 without wide
// characters.
[[nodiscard]] std::string table(const std::vector<std::vector<std::string>>& rows);

[[nodiscard]] bool is_utf8(std::string_view text);
[[nodiscard]] std::string base64(std::string_view bytes);

}  // namespace rebuf::ctl
