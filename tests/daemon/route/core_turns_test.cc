// A drain and the requests that come in meanwhile: who of them waits.
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/daemon/route/core_harness.h"

namespace rebuf::daemon {
namespace {

using std::chrono::milliseconds;

// A sink that takes at once whatever it gets, and clients that send a request each millisecond, or
// more rarely, or as much less as the drain slows them down: every `slowed`-th only, while the sink
// has something.
struct Crowd {
  CoreHarness route{config()};
  std::size_t accepted = 0;
  std::size_t worked_ms = 0;   // of the time, in which messages were handed to the sink
  std::size_t apart_ms = 1;    // requests
  std::size_t sink_keeps = 0;  // of what it has, and never ends
  explicit Crowd(std::size_t backlog) {
    for (std::size_t i = 0; i < backlog / 100; ++i) route.offer(100);
    route.commit();
    route.probe_says(true);
    REQUIRE(route.state() == RouteState::draining);
  }
  static config::RouteConfig config() {
    auto config = CoreHarness::route();
    config.window_max_messages = 20;
    config.buffer.max_bytes = 1 << 26;
    config.spill_after = std::chrono::hours(1);  // what the sink keeps is no failure here
    return config;
  }
  void drain(std::size_t requests_each_ms, std::size_t slowed, milliseconds time) {
    for (std::int64_t ms = 0; ms < time.count(); ++ms) {
      const std::size_t before = route.submitted.size();
      route.do_work();
      route.deliver(route.held.size() - std::min(route.held.size(), sink_keeps));
      const bool works = route.submitted.size() > before;
      worked_ms += works ? 1 : 0;
      const bool slow = works || !route.held.empty();
      if (static_cast<std::size_t>(ms) % (slow ? apart_ms * slowed : apart_ms) == 0) {
        for (std::size_t i = 0; i < requests_each_ms; ++i) route.offer();
        accepted += requests_each_ms;
        route.commit();
      }
      route.wait(milliseconds(1));
    }
  }
};

}  // namespace

TEST_CASE("a drain that slows requests down works less, so that four fifths of them are accepted") {
  for (const std::size_t slowed : {2UL, 5UL, 20UL}) {
    CAPTURE(slowed);
    Crowd crowd(200'000);
    crowd.drain(1, slowed, milliseconds(2000));  // it learns
    crowd.accepted = crowd.worked_ms = 0;
    crowd.drain(1, slowed, milliseconds(10'000));
    CHECK(crowd.accepted >= 8000);
    CHECK(crowd.worked_ms >= 500);
    CHECK(crowd.route.state() == RouteState::draining);
    CHECK(crowd.route.conserved());
  }
}

TEST_CASE(
    "a drain works less also where no more than a hundred requests a second are slowed down") {
  Crowd crowd(200'000);
  crowd.apart_ms = 10;
  crowd.drain(1, 5, milliseconds(8000));  // it learns
  crowd.accepted = crowd.worked_ms = 0;
  crowd.drain(1, 5, milliseconds(20'000));
  CHECK(crowd.accepted >= 1600);
  CHECK(crowd.worked_ms >= 1000);
  CHECK(crowd.route.state() == RouteState::draining);
}

TEST_CASE("a drain beside which few requests come rests a twentieth of the time") {
  Crowd crowd(400'000);
  crowd.apart_ms = 50;
  crowd.drain(1, 1, milliseconds(10'000));
  CHECK(crowd.worked_ms >= 9000);
  CHECK(crowd.worked_ms < 10'000);
}

TEST_CASE("a rest in which the sink still works is not taken for one in which requests are alone") {
  Crowd crowd(200'000);
  crowd.drain(1, 5, milliseconds(2000));  // it learns how much it slows them down
  crowd.sink_keeps = 1;
  crowd.worked_ms = 0;
  crowd.drain(1, 5, milliseconds(60'000));
  CHECK(crowd.worked_ms > 0);
  CHECK(crowd.worked_ms < 3000);
  CHECK(crowd.route.state() == RouteState::draining);
}

TEST_CASE("a drain that slows nobody down works nine tenths of the time or more") {
  Crowd crowd(200'000);
  crowd.drain(1, 1, milliseconds(5000));
  CHECK(crowd.worked_ms >= 4500);
}

TEST_CASE("a drain beside which no request comes never rests") {
  Crowd crowd(200'000);
  crowd.drain(0, 1, milliseconds(5000));
  CHECK(crowd.worked_ms == 5000);
}

TEST_CASE("catch-up lets the drain work all the time, whoever waits for it") {
  Crowd crowd(200'000);
  crowd.route.core.catch_up(crowd.route.now);
  crowd.drain(1, 5, milliseconds(5000));
  CHECK(crowd.worked_ms == 5000);
}

}  // namespace rebuf::daemon
