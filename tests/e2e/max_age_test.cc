// buffer.max_age from outside: what is stale when the sink is back is dropped, and said.
#include <doctest/doctest.h>

#include "client.h"
#include "daemon.h"
#include "endpoint.h"
#include "saboteur.h"
#include "tests/support/temporary_directory.h"

namespace rebuf::e2e {
namespace {

TEST_CASE("rebufd is killed in an outage: what is older than max_age then is dropped and counted") {
  const test::TemporaryDirectory scratch;
  Endpoint endpoint;
  Saboteur saboteur(scratch.path());
  Daemon daemon(scratch.path(), "sinks:\n  hook:\n    type: http\n    url: http://127.0.0.1:" +
                                    std::to_string(endpoint.port()) +
                                    "/in\n    retry: { min: 50ms, max: 200ms }\n"
                                    "routes:\n  plant:\n    sink: hook\n    drain: { jitter: 0s }\n"
                                    "    buffer: { max_age: 1h }\n");
  daemon.set_environment(saboteur.environment());
  daemon.start();
  const std::vector<std::string> stale(50, "stale");
  CHECK(Client(daemon.port(), "/ingest/plant").post_lines(stale).status == 202);
  daemon.kill();
  saboteur.shift_clock(std::chrono::hours(2));
  daemon.start();
  const std::vector<std::string> fresh(20, "fresh");
  CHECK(Client(daemon.port(), "/ingest/plant").post_lines(fresh).status == 202);
  CHECK(daemon.metrics().count("rebufd_backlog_messages", "plant") == 70);

  endpoint.open();
  const Metrics end = daemon.wait_until_drained("plant");
  std::vector<std::string> arrived;
  for (const Arrival& arrival : endpoint.arrivals()) arrived.push_back(arrival.value);
  CHECK(arrived == fresh);
  CHECK(end.count("rebufd_messages_dropped_total", "plant", {{"reason", "expired"}}) == 50);
  CHECK(end.count("rebufd_messages_delivered_total", "plant") == 20);
  CHECK_MESSAGE(end.imbalance("plant").empty(), end.imbalance("plant"));
}

}  // namespace
}  // namespace rebuf::e2e
