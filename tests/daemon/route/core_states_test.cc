// The state machine: when the route goes straight to the sink, to the log, and back.
#include <doctest/doctest.h>

#include "tests/daemon/route/core_harness.h"

namespace rebuf::daemon {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_CASE("with a healthy sink a message goes straight to it and is answered delivered") {
  CoreHarness route;
  route.go_direct();
  const auto client = route.offer();
  CHECK(route.held.size() == 1);
  CHECK_FALSE(client->answer);
  route.deliver();
  REQUIRE(client->answer);
  CHECK(client->answer->code == AnswerCode::ok);
  CHECK(client->answer->delivered == 1);
  CHECK(client->answer->buffered == 0);
  CHECK(client->answer->partition == 3);
  CHECK(client->answer->offset == 42);
  CHECK(route.appends == 0);
  CHECK(route.conserved());
}

TEST_CASE(
    "before the first probe has succeeded a message is buffered and does not wait for a sink") {
  CoreHarness route;
  const auto client = route.offer();
  CHECK(route.state() == RouteState::buffering);
  CHECK(route.held.empty());
  route.commit();
  REQUIRE(client->answer);
  CHECK(client->answer->buffered == 1);
  CHECK(client->answer->durable);
}

TEST_CASE("no answer before the commit, one answer for a whole batch after the last of it") {
  CoreHarness route;
  const auto client = route.offer(5);
  CHECK_FALSE(client->answer);
  route.commit();
  REQUIRE(client->answer);
  CHECK(client->answer->buffered == 5);
  CHECK(client->answer->first_id < client->answer->last_id);
}

TEST_CASE("a silent sink: within spill_after everything is appended and answered buffered") {
  CoreHarness route;
  route.go_direct();
  const auto first = route.offer(3);
  route.wait(milliseconds(900));
  CHECK(route.state() == RouteState::direct);
  const auto second = route.offer();
  route.wait(milliseconds(150));
  CHECK(route.state() == RouteState::buffering);
  route.commit();
  REQUIRE(first->answer);
  REQUIRE(second->answer);
  CHECK(first->answer->buffered == 3);
  CHECK(second->answer->buffered == 1);
  CHECK(route.core.backlog() == 4);
  CHECK(route.conserved());
}

TEST_CASE(
    "a route says why its sink is down, also when it was from the start, and what came later") {
  CoreHarness route;
  const auto reason = [&] {
    RouteSnapshot snapshot;
    route.core.fill(snapshot, route.now, {});
    return snapshot.state_reason;
  };
  sinks::Health health;
  health.from_probe = true;
  for (const char* why : {"Connection refused", "the topic is missing"}) {
    health.reason = why;
    route.core.health(health, route.now);
    CHECK(reason() == why);
  }
}

TEST_CASE("a route whose sink is down rests until its next probe") {
  CoreHarness route;
  route.go_direct();
  const auto client = route.offer();
  CHECK_FALSE(route.core.idle(route.now));
  route.sink_says(false);
  CHECK_FALSE(route.core.idle(route.now));  // it waits for the commit
  route.commit();
  route.give_back();
  route.wait(seconds(3));
  REQUIRE(std::holds_alternative<ProbeWork>(route.work()));
  route.probe_says(false);
  CHECK(route.core.backlog() == 1);
  CHECK(route.core.idle(route.now));
  CHECK(route.core.next_timer() > route.now);
  CHECK(route.core.next_timer() < route.now + seconds(30));
}

TEST_CASE("with ack: buffered a route rests when everything is delivered") {
  auto config = CoreHarness::route();
  config.ack = config::Ack::buffered;
  CoreHarness route(config);
  route.probe_says(true);
  route.offer();
  route.commit();
  CHECK_FALSE(route.core.idle(route.now));
  route.deliver();
  route.wait(seconds(3));
  route.do_work();
  CHECK(route.state() == RouteState::draining);
  CHECK(route.core.idle(route.now));
}

TEST_CASE("an outage appends the window first, in order, then what is new") {
  CoreHarness route;
  route.go_direct();
  route.offer(2);
  route.offer();
  route.sink_says(false);
  route.offer();
  route.commit();
  CHECK(route.stored_values ==
        std::vector<std::string>{"0.........", "1.........", "2.........", "3........."});
}

TEST_CASE("what the sink delivers after all is not sent again") {
  CoreHarness route;
  route.go_direct();
  route.offer(3);
  route.sink_says(false);
  route.commit();
  route.offer();
  route.commit();
  route.wait(milliseconds(300));
  route.deliver();  // the oldest that it holds: it works again
  route.do_work();
  route.deliver();
  CHECK(route.submitted ==
        std::vector<std::string>{"0.........", "1.........", "2.........", "3........."});
  CHECK(route.core.backlog() == 0);
  CHECK(route.state() == RouteState::direct);
  CHECK(route.conserved());
}

TEST_CASE("a report that was under way when the sink failed is not its recovery") {
  CoreHarness route;
  route.go_direct();
  route.offer(2);
  route.sink_says(false);
  route.commit();
  route.wait(milliseconds(100));
  route.deliver(1);
  CHECK(route.state() == RouteState::buffering);
  route.wait(milliseconds(150));
  route.deliver(1);
  CHECK(route.state() == RouteState::direct);
}

TEST_CASE("a probe does not count while the sink holds messages") {
  CoreHarness route;
  route.go_direct();
  route.offer(2);
  route.wait(milliseconds(1100));
  CHECK(route.state() == RouteState::buffering);
  route.probe_says(true);
  CHECK(route.state() == RouteState::buffering);
}

TEST_CASE("a sink that holds messages is probed again and again, where that can end its pauses") {
  for (const bool probes : {false, true}) {
    CAPTURE(probes);
    CoreSettings settings;
    settings.probe_while_held = probes;
    CoreHarness route(CoreHarness::route(), {}, settings);
    route.go_direct();
    route.offer(2);
    route.sink_says(false);
    route.commit();
    for (const bool up : {false, true, true}) {
      route.wait(seconds(3));
      REQUIRE(std::holds_alternative<ProbeWork>(route.work()) == probes);
      if (probes) route.probe_says(up);
      CHECK(route.state() == RouteState::buffering);
    }
  }
}

TEST_CASE("a healthy sink that rests is asked for its health, where it can say how it is") {
  CoreSettings settings;
  settings.probe_rested = seconds(5);
  CoreHarness route(CoreHarness::route(), {}, settings);
  route.go_direct();
  route.offer();
  route.wait(milliseconds(500));
  CHECK(std::holds_alternative<std::monostate>(route.work()));  // the sink holds a message
  route.deliver();
  route.wait(seconds(4));
  CHECK(std::holds_alternative<std::monostate>(route.work()));
  CHECK(route.core.idle(route.now));
  CHECK(route.core.next_timer() <= route.now + seconds(1));
  for (int rest = 0; rest < 3; ++rest) {
    route.wait(seconds(5));
    REQUIRE(std::holds_alternative<ProbeWork>(route.work()));
    CHECK(std::holds_alternative<std::monostate>(route.work()));  // one at a time
    route.probe_says(true);
    CHECK(route.state() == RouteState::direct);
    CHECK(std::holds_alternative<std::monostate>(route.work()));
  }
  route.wait(seconds(5));
  REQUIRE(std::holds_alternative<ProbeWork>(route.work()));
  route.probe_says(false);
  CHECK(route.state() == RouteState::buffering);
  CHECK_FALSE(route.offer()->answer);
  route.commit();
  route.wait(seconds(3));
  REQUIRE(std::holds_alternative<ProbeWork>(route.work()));
  route.probe_says(true);
  CHECK(route.state() == RouteState::draining);
  CHECK(route.conserved());
}

TEST_CASE("an acknowledgement that is not of the oldest message is not recovery") {
  CoreHarness route;
  route.go_direct();
  route.offer(2);
  route.wait(milliseconds(1300));
  route.commit();
  route.deliver_nth(1);
  CHECK(route.state() == RouteState::buffering);
  route.deliver_nth(0);
  CHECK(route.state() == RouteState::direct);
}

TEST_CASE("a backlog found at start is delivered as replayed, in order, before anything new") {
  CoreHarness before;
  before.offer(3);
  before.commit();
  Recovered found;
  found.messages = 3;
  found.ordinal = first_ordinal;
  found.next_ordinal = first_ordinal + 3;
  found.log_bytes = before.log_bytes;
  CoreHarness route(CoreHarness::route(), found);
  route.stored = before.stored;
  route.log_bytes = before.log_bytes;
  CHECK(route.core.backlog() == 3);
  route.offer();
  route.commit();
  route.probe_says(true);
  CHECK(route.state() == RouteState::draining);
  route.do_work();
  CHECK(route.submitted ==
        std::vector<std::string>{"0.........", "1.........", "2.........", "0........."});
  CHECK(route.held.front().replayed);
  route.deliver();
  CHECK(route.state() == RouteState::direct);
  CHECK(route.core.totals().recovered == 3);
  CHECK(route.core.totals().delivered_replay == 4);
  CHECK(route.conserved());
}

TEST_CASE("jitter: a drain behind an outage waits, one without a backlog does not") {
  auto config = CoreHarness::route();
  config.drain_jitter = seconds(5);
  CoreHarness idle(config);
  idle.probe_says(true);  // the harness's chance is always 0
  CHECK(idle.state() == RouteState::direct);
}

TEST_CASE(
    "a throttling sink is slow by agreement: no outage until the pause and a second are over") {
  CoreHarness route;
  route.go_direct();
  route.offer();
  sinks::Health pause;
  pause.up = true;
  pause.throttled_for = seconds(2);
  route.core.health(pause, route.now);
  route.wait(milliseconds(2900));
  CHECK(route.state() == RouteState::direct);
  route.wait(milliseconds(200));
  CHECK(route.state() == RouteState::buffering);
}

TEST_CASE("a give-back is sent again from the first message that is not acknowledged, in order") {
  CoreHarness route;
  route.go_direct();
  const auto client = route.offer(4);
  route.deliver_nth(1);
  route.give_back();
  CHECK(route.state() == RouteState::buffering);
  route.commit();
  REQUIRE(client->answer);
  CHECK(client->answer->delivered == 1);
  CHECK(client->answer->buffered == 3);
  route.submitted.clear();
  route.probe_says(true);
  CHECK(route.submitted == std::vector<std::string>{"0.........", "2.........", "3........."});
  route.deliver();
  CHECK(route.conserved());
  CHECK(route.core.backlog() == 0);
}

// Found under the thread sanitizer: what was submitted between the two was forgotten.
TEST_CASE("a give-back of a sink that held nothing does not touch what is submitted meanwhile") {
  CoreHarness route;
  route.go_direct();
  const auto client = route.offer();
  route.core.reopened(route.now);
  route.deliver();
  REQUIRE(client->answer);
  CHECK(client->answer->delivered == 1);
  CHECK(route.core.in_flight() == 0);
  CHECK(route.offer() != nullptr);
  CHECK(route.held.size() == 1);
}

}  // namespace rebuf::daemon
