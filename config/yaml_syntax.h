// What most often is behind a YAML syntax error.
#pragma once

#include <string>
#include <string_view>

namespace rebuf::config {

// `line` counts from 0, as yaml-cpp's marks do; the mistake stands there or in the line above.
[[nodiscard]] std::string syntax_hint(std::string_view text, int line);

}  // namespace rebuf::config
