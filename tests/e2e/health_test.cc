// An endpoint that is asked for its health by a route that has nothing to send.
#include <doctest/doctest.h>

#include "client.h"
#include "daemon.h"
#include "endpoint.h"

namespace rebuf::e2e {
namespace {

TEST_CASE("a route without messages asks for its sink's health and tells what it hears") {
  const test::TemporaryDirectory scratch;
  Endpoint endpoint;
  endpoint.be(Manner::is_busy);
  endpoint.open();
  Daemon daemon(scratch.path(), "sinks:\n  hook:\n    type: http\n    url: http://127.0.0.1:" +
                                    std::to_string(endpoint.port()) +
                                    "/in\n    retry: { min: 50ms, max: 200ms }\n"
                                    "    health: { path: /health, interval: 100ms }\n"
                                    "routes:\n  rows:\n    sink: hook\n    spill_after: 20s\n"
                                    "    drain: { jitter: 0s }\n");
  daemon.start();
  daemon.wait_until("asked", [&](const Metrics& /*now*/) { return endpoint.times_asked() >= 10; });
  Metrics now = daemon.metrics();
  CHECK(now.state("rows") == "buffering");
  CHECK(now.sum("rebufd_sink_up", {{"sink", "hook"}}) == 0);
  const std::string sick = daemon.get("/api/v1/status").value();
  CHECK_MESSAGE(sick.find("\"reason\": \"HTTP 503") != std::string::npos, sick);

  endpoint.be(Manner::takes);
  now = daemon.wait_until("direct",
                          [](const Metrics& after) { return after.state("rows") == "direct"; });
  CHECK(now.sum("rebufd_sink_up", {{"sink", "hook"}}) == 1);
  CHECK(endpoint.arrivals().empty());

  // A healthy sink is asked too, so that nobody waits to find out that it has gone.
  endpoint.close();
  now = daemon.wait_until("buffering",
                          [](const Metrics& after) { return after.state("rows") == "buffering"; });
  CHECK(now.sum("rebufd_sink_up", {{"sink", "hook"}}) == 0);
  CHECK(Client(daemon.port(), "/ingest/rows").post("kept").status == 202);
  endpoint.open();
  daemon.wait_until_drained("rows");
  CHECK(endpoint.arrivals().size() == 1);
}

}  // namespace
}  // namespace rebuf::e2e
