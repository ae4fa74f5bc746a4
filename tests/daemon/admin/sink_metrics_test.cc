#include "daemon/sink_metrics.h"

#include <doctest/doctest.h>

namespace rebuf::daemon {
namespace {

sinks::Health down(std::string_view error_class) {
  sinks::Health health;
  health.error_class = error_class;
  return health;
}

sinks::Health up() {
  sinks::Health health;
  health.up = true;
  return health;
}

}  // namespace

TEST_CASE("an outage counts once, however often it is told, and again when its reason changes") {
  SinkMetrics metrics;
  for (int i = 0; i < 3; ++i) metrics.on_health(down("connect"));
  metrics.on_health(down("topic"));
  metrics.on_health(up());
  metrics.on_health(down("connect"));
  metrics.on_health(up());
  metrics.on_health(down(""));
  const std::map<std::string, std::uint64_t> expected{{"connect", 2}, {"other", 1}, {"topic", 1}};
  CHECK(metrics.errors() == expected);
}

}  // namespace rebuf::daemon
