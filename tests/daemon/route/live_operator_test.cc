// The operator's verbs on a live route: real log, real worker.
#include "tests/daemon/route/fake_sink.h"
#include "tests/daemon/route/live_harness.h"

namespace rebuf::daemon {
namespace {

constexpr std::size_t value_bytes = 1000;

std::string value(std::size_t number) {
  std::string text = std::to_string(number);
  text.resize(value_bytes, '.');
  return text;
}

std::uint64_t purged(const RouteSnapshot& snapshot) {
  return snapshot.totals.dropped[static_cast<std::size_t>(DropReason::operator_)];
}

// A route that has `count` messages in several segments, and whose sink is away.
struct Outage {
  explicit Outage(std::size_t count) {
    sink.work(false);
    route->start(sink);
    for (std::size_t i = 0; i < count; ++i)
      REQUIRE(offer(*route, {value(i)})->answer().buffered == 1);
  }
  // A new process finds the directory.
  void restart() {
    route->finish_stop(Clock::now());
    route.reset();
    route = open_route(live_settings(directory));
    route->start(sink);
  }
  const test::TemporaryDirectory directory;
  FakeSink sink;
  std::unique_ptr<LiveRoute> route = open_route(live_settings(directory));
};

}  // namespace

TEST_CASE("a paused route takes messages, delivers none, and all of them in order when resumed") {
  const test::TemporaryDirectory directory;
  FakeSink sink;
  const auto route = open_route(live_settings(directory));
  route->start(sink);
  REQUIRE(in_state(*route, RouteState::direct));
  REQUIRE(offer(*route, {value(0)})->answer().delivered == 1);
  route->pause();
  for (std::size_t i = 1; i < 300; ++i) REQUIRE(offer(*route, {value(i)})->answer().buffered == 1);
  CHECK(route->snapshot().state == RouteState::paused);
  CHECK(sink.taken_count() == 1);
  route->resume();
  CHECK(in_state(*route, RouteState::direct));
  CHECK(eventually([&] { return sink.taken_count() == 300; }));
  const auto taken = sink.taken();
  for (std::size_t i = 0; i < taken.size(); ++i) REQUIRE(taken[i] == value(i));
  CHECK(conserved(route->snapshot()));
}

TEST_CASE("a pause ends with the process") {
  Outage outage(5);
  outage.route->pause();
  outage.sink.work(true);
  outage.restart();
  CHECK(eventually([&] { return outage.sink.taken_count() == 5; }));
}

TEST_CASE("a purge of all deletes the backlog and counts it, also over a restart") {
  Outage outage(300);
  const auto dropped = outage.route->purge(std::nullopt);
  REQUIRE_MESSAGE(dropped.ok(), dropped.status().message());
  CHECK(*dropped == 300 - outage.route->snapshot().in_flight);  // what the sink holds it keeps
  CHECK(outage.route->snapshot().backlog_messages == 0);
  CHECK(conserved(outage.route->snapshot()));
  outage.restart();
  CHECK(outage.route->snapshot().totals.recovered == 0);
  CHECK(purged(outage.route->snapshot()) == 0);  // since the process began
  CHECK(conserved(outage.route->snapshot()));
}

TEST_CASE("a purge through a segment deletes it and those before it, the rest is delivered") {
  Outage outage(300);
  const std::uint64_t segments = outage.route->snapshot().backlog_segments;
  REQUIRE(segments >= 4);
  const auto dropped = outage.route->purge(1);
  REQUIRE_MESSAGE(dropped.ok(), dropped.status().message());
  CHECK(*dropped > 0);
  CHECK(outage.route->snapshot().backlog_segments == segments - 2);
  const RouteSnapshot now = outage.route->snapshot();
  CHECK(conserved(now));
  outage.restart();
  outage.sink.work(true);
  CHECK(eventually([&] { return outage.route->snapshot().backlog_messages == 0; }));
  const auto taken = outage.sink.taken();
  REQUIRE_FALSE(taken.empty());
  CHECK(taken.back() == value(299));
  CHECK(taken.size() >= 300 - *dropped - now.in_flight);
}

TEST_CASE("a purge through the active segment is refused, and nothing is deleted") {
  Outage outage(10);
  const auto refused = outage.route->purge(0);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.status().code() == Code::invalid_argument);
  CHECK(outage.route->snapshot().backlog_messages > 0);
}

TEST_CASE("a verb that comes while the route stops is refused") {
  Outage outage(1);
  outage.route->finish_stop(Clock::now());
  const auto refused = outage.route->purge(std::nullopt);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.status().code() == Code::closed);
}

}  // namespace rebuf::daemon
