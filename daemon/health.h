// What /healthz and /readyz say of the routes: the same on the ingest port and on the admin server.
// Any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/route.h"

namespace rebuf::daemon {

// Why the answer is 503.
struct Trouble {
  std::string code;  // as in the body of the answer
  std::string detail;
};

// None while every route makes progress or has a reason not to.
[[nodiscard]] std::optional<Trouble> health_trouble(const std::vector<const Route*>& routes);

// None while every one of the routes takes requests.
[[nodiscard]] std::optional<Trouble> readiness_trouble(const std::vector<const Route*>& routes);

}  // namespace rebuf::daemon
