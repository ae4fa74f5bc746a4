// Replies of the admin server that several of its files make.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "daemon/admin/endpoints.h"

namespace rebuf::daemon::admin {

[[nodiscard]] Reply json_reply(const nlohmann::ordered_json& json);
// RFC 9457.
[[nodiscard]] Reply problem(int status, std::string_view title, std::string_view code,
                            std::string_view detail);
[[nodiscard]] Reply not_found(std::string_view what);

}  // namespace rebuf::daemon::admin
