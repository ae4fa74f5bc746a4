// Other routes for a server that runs.
#include <doctest/doctest.h>

#include <memory>

#include "harness.h"

namespace rebuf::daemon::ingest_test {
namespace {

// Routes that live as long as somebody needs them.
struct Owned {
  FakeRoute route{"s"};
  HttpCounts counts;
};

IngestRoutes routes_of(const std::shared_ptr<Owned>& owned) {
  return {{{&owned->route, &owned->counts, nullptr}}, owned};
}

}  // namespace

TEST_CASE("other routes get every request that begins then, and connections stay") {
  Harness harness;
  harness.start();
  Client client = harness.connect();
  REQUIRE(client.post("/ingest/r", "1").status == 200);
  CHECK(client.post("/ingest/s", "2").status == 404);
  const auto owned = std::make_shared<Owned>();
  harness.server->serve(routes_of(owned));
  CHECK(client.post("/ingest/s", "3").status == 200);
  CHECK(client.post("/ingest/r", "4").status == 404);
  CHECK(client.request("GET", "/readyz/s").status == 200);
  CHECK(client.request("GET", "/readyz/r").status == 404);
  CHECK(owned->route.values() == std::vector<std::string>{"3"});
  CHECK(owned->counts.count(200) == 2);
  CHECK(harness.route.values() == std::vector<std::string>{"1"});
  CHECK(harness.counts.count(200) == 1);
  CHECK(harness.server->unrouted_counts().count(404) == 3);
  harness.server->serve({harness.routes, nullptr});
  CHECK(client.post("/ingest/r", "5").status == 200);
}

TEST_CASE("a request that has begun ends with the route that it began with, which lives so long") {
  Harness harness;
  harness.start();
  auto owned = std::make_shared<Owned>();
  owned->route.mode = FakeRoute::Mode::held;
  harness.server->serve(routes_of(owned));
  Client offered = harness.connect();
  REQUIRE(offered.send(post_text("/ingest/s", "offered")));
  REQUIRE(owned->route.wait_held(1));
  Client sending = harness.connect();
  // Half of its body has come, so its headers were judged.
  REQUIRE(
      sending.send("POST /ingest/s HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\n"
                   "Content-Length: 8\r\n\r\n"));
  REQUIRE(sending.receive_exactly("HTTP/1.1 100 Continue\r\n\r\n"));
  const std::weak_ptr<Owned> watched = owned;
  FakeRoute& route = owned->route;
  harness.server->serve({harness.routes, nullptr});
  owned.reset();
  CHECK(harness.connect().post("/ingest/s", "new").status == 404);
  REQUIRE_FALSE(watched.expired());
  REQUIRE(sending.send("complete"));
  REQUIRE(route.wait_held(2));
  route.answer_held();
  CHECK(offered.receive().status == 200);
  CHECK(sending.receive().status == 200);
  CHECK(eventually([&] { return watched.expired(); }));
}

}  // namespace rebuf::daemon::ingest_test
