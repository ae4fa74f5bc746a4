// What an operator asks of a route.
#include <doctest/doctest.h>

#include "tests/daemon/route/core_harness.h"

namespace rebuf::daemon {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

RouteSnapshot snapshot(const CoreHarness& route) {
  RouteSnapshot now;
  route.core.fill(now, route.now, std::chrono::system_clock::now());
  return now;
}

// A backlog of `count` messages of 10 bytes, on disk only.
void buffer(CoreHarness& route, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) route.offer();
  route.commit();
}

}  // namespace

TEST_CASE("a paused route buffers what comes and delivers nothing until it is resumed") {
  CoreHarness route;
  route.go_direct();
  route.core.pause(route.now);
  CHECK(route.state() == RouteState::paused);
  CHECK(snapshot(route).state_reason == "paused by the operator");
  CHECK(snapshot(route).last_error.empty());
  const auto client = route.offer();
  route.commit();
  REQUIRE(client->answer);
  CHECK(client->answer->buffered == 1);
  CHECK(route.core.readiness().ready);
  route.probe_says(true);
  route.sink_says(true);
  route.wait(seconds(60));
  CHECK(route.held.empty());
  CHECK(route.state() == RouteState::paused);

  route.core.resume(route.now);
  CHECK(route.state() == RouteState::buffering);
  REQUIRE(std::holds_alternative<ProbeWork>(route.work()));
  route.probe_says(true);
  route.do_work();
  CHECK(route.held.size() == 1);
  CHECK(route.conserved());
}

TEST_CASE("what the sink holds when the route is paused is delivered once, and not sent again") {
  CoreHarness route;
  route.go_direct();
  const auto client = route.offer(3);
  route.core.pause(route.now);
  route.commit();
  route.wait(milliseconds(500));
  route.deliver();
  CHECK(route.core.backlog() == 0);
  CHECK(route.state() == RouteState::paused);
  route.core.resume(route.now);
  route.probe_says(true);
  route.do_work();
  CHECK(route.submitted.size() == 3);
  CHECK(route.state() == RouteState::direct);
}

TEST_CASE("ack: delivered: a paused route refuses, and says that it is paused") {
  auto config = CoreHarness::route();
  config.ack = config::Ack::delivered;
  CoreHarness route(config);
  route.go_direct();
  route.core.pause(route.now);
  const auto client = route.offer();
  REQUIRE(client->answer);
  CHECK(client->answer->code == AnswerCode::sink_down);
  CHECK(client->answer->detail == "paused by the operator");
  CHECK(route.core.readiness().reason == "paused by the operator");
}

TEST_CASE("a paused route whose buffer is full says both") {
  auto config = CoreHarness::route();
  config.buffer.max_bytes = 200;
  CoreHarness route(config);
  route.core.pause(route.now);
  buffer(route, 3);
  CHECK(route.state() == RouteState::full);
  CHECK(snapshot(route).state_reason ==
        "paused by the operator; the buffer holds buffer.max_bytes");
}

TEST_CASE("resume opens a failed log again at once") {
  CoreHarness route;
  route.offer();
  route.fail(Code::sync_failed);
  REQUIRE(std::holds_alternative<ReopenLogWork>(route.work()));
  route.core.log_reopened({Code::io, "open"}, 0, 0, route.now);
  CHECK(std::holds_alternative<ProbeWork>(route.work()));
  CHECK(std::holds_alternative<std::monostate>(route.work()));
  CHECK(route.state() == RouteState::failed);
  route.core.resume(route.now);
  CHECK(std::holds_alternative<ReopenLogWork>(route.work()));
}

TEST_CASE("max_rate holds the drain to its rate, and catch-up lifts it until the backlog is gone") {
  auto config = CoreHarness::route();
  config.drain_max_rate = 10;
  config.window_max_messages = 1000;
  CoreHarness route(config);
  buffer(route, 100);
  route.probe_says(true);
  const auto drain = [&](milliseconds time) {
    for (; time.count() > 0; time -= milliseconds(100)) {
      route.wait(milliseconds(100));
      route.do_work();
      route.deliver();
    }
  };
  drain(seconds(2));
  CHECK(route.submitted.size() >= 19);
  CHECK(route.submitted.size() <= 21);

  route.core.catch_up(route.now);
  drain(milliseconds(200));
  CHECK(route.submitted.size() == 100);
  CHECK(route.state() == RouteState::direct);

  route.sink_says(false);  // the next outage is drained at its rate again
  buffer(route, 100);
  route.wait(seconds(1));
  route.probe_says(true);
  drain(seconds(1));
  CHECK(route.submitted.size() <= 111);
  CHECK(route.conserved());
}

TEST_CASE("catch-up does not wait for the drain's turn") {
  auto config = CoreHarness::route();
  config.drain_jitter = seconds(1);
  CoreHarness route(config);
  buffer(route, 10);
  route.core.catch_up(route.now);
  route.probe_says(true);
  route.do_work();
  CHECK(route.held.size() == 10);
}

TEST_CASE("a purge drops what it took, counted as the operator's, and delivers what is behind") {
  CoreHarness route;
  buffer(route, 5);
  const Position to = route.stored[3].begin;
  route.stored.erase(route.stored.begin(), route.stored.begin() + 3);
  route.core.purged(to, ordinal_of(route.stored[0].data), route.log_bytes, route.now);
  CHECK(route.dropped(DropReason::operator_) == 3);
  CHECK(route.core.backlog() == 2);
  CHECK(route.core.cursor().position == to);
  CHECK(route.conserved());
  route.probe_says(true);
  route.do_work();
  CHECK(route.submitted == std::vector<std::string>{"3.........", "4........."});
}

TEST_CASE("a purge of what the sink holds: delivered counts as delivered, given back as purged") {
  CoreHarness route;
  route.go_direct();
  route.offer(2);
  route.sink_says(false);
  route.commit();
  route.core.purged(route.stored[1].end, std::nullopt, route.log_bytes, route.now);
  CHECK(route.dropped(DropReason::operator_) == 0);
  CHECK(route.core.in_flight() == 2);
  route.deliver(1);
  route.give_back();
  CHECK(route.core.totals().delivered() == 1);
  CHECK(route.dropped(DropReason::operator_) == 1);
  CHECK(route.conserved());
}

}  // namespace rebuf::daemon
