// POST /api/v1/routes/R/{pause,resume,catch-up,purge} and /dead_letters/{replay,purge}: what the
// admin server does to a route.
#pragma once

#include <optional>
#include <string_view>

#include "daemon/admin/endpoints.h"
#include "daemon/admin/sources.h"

namespace rebuf::daemon::admin {

// "/api/v1/routes/R/VERB"; VERB may be of several parts.
struct RoutePath {
  std::string_view route, verb;
};
[[nodiscard]] std::optional<RoutePath> route_path(std::string_view path);

// `through`: of the query, for purge; empty: not given.
[[nodiscard]] Reply command_route(const AdminSources& sources, const RoutePath& path,
                                  std::string_view through);

}  // namespace rebuf::daemon::admin
