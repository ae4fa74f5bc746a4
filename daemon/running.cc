#include "daemon/running.h"

#include <algorithm>

namespace rebuf::daemon {

std::shared_ptr<RunningSink> sink_called(const RunningSinks& sinks, std::string_view name) {
  const auto found =
      std::ranges::find_if(sinks, [&](const auto& sink) { return sink->name == name; });
  return found == sinks.end() ? nullptr : *found;
}

std::shared_ptr<RunningRoute> route_called(const RunningRoutes& routes, std::string_view name) {
  const auto found =
      std::ranges::find_if(routes, [&](const auto& route) { return route->config().name == name; });
  return found == routes.end() ? nullptr : *found;
}

}  // namespace rebuf::daemon
