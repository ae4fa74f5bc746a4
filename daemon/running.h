// All that one configuration runs. Never changes: a reload makes another that shares what stays as
// it is. Who looks at one (a request, a scrape) keeps what is in it for as long.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "daemon/orphans.h"
#include "daemon/running_route.h"
#include "daemon/sinks_of.h"

namespace rebuf::daemon {

using RunningSinks = std::vector<std::shared_ptr<RunningSink>>;

struct Running {
  config::Config config;
  RunningSinks sinks;    // in the order of the configuration
  RunningRoutes routes;  // in the order of the configuration
  std::vector<Orphan> orphans;
};

// The one of that name; null: there is none.
[[nodiscard]] std::shared_ptr<RunningSink> sink_called(const RunningSinks& sinks,
                                                       std::string_view name);
[[nodiscard]] std::shared_ptr<RunningRoute> route_called(const RunningRoutes& routes,
                                                         std::string_view name);

}  // namespace rebuf::daemon
