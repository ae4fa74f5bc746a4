// Patterns of topics: `*` stands for any run of characters, `?` for one.
#pragma once

#include <string_view>

namespace rebuf::config {

// Whether some text matches both.
[[nodiscard]] bool globs_overlap(std::string_view a, std::string_view b);

}  // namespace rebuf::config
