// rebufctl route pause|resume|catch-up|purge ROUTE.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "daemon/ctl/admin_client.h"

namespace rebuf::ctl {

struct RouteOptions {
  std::string verb;  // as on the command line
  std::string route;
  std::optional<std::uint64_t> through;  // purge: the last segment that goes
  bool yes = false;                      // purge: does not ask
};

// Prints to stdout, problems to stderr, and returns the exit code.
[[nodiscard]] int command_route(const AdminClient& client, const RouteOptions& options);

}  // namespace rebuf::ctl
