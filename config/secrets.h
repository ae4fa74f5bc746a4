// What of a configuration is not shown: neither by print() nor in messages. Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace rebuf::config {

inline constexpr std::string_view mask = "***";

// The value of the key at `path` (as in Places: "sinks.hook.headers.X-Auth") as it may be shown:
// with the mask instead of what is, or may be, secret.
[[nodiscard]] std::string without_secrets(std::string_view path, std::string_view value);

}  // namespace rebuf::config
