// How much of a backlog a draining route has in its sink at once.
#include <doctest/doctest.h>

#include "tests/daemon/route/core_harness.h"

namespace rebuf::daemon {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t window = 1000;

// With a backlog of 50,000 messages, on disk only.
struct Draining {
  CoreHarness route{config()};
  Draining() {
    for (int i = 0; i < 500; ++i) route.offer(100);
    route.commit();
    route.probe_says(true);
    REQUIRE(route.state() == RouteState::draining);
    route.do_work();
  }
  static config::RouteConfig config() {
    auto config = CoreHarness::route();
    config.window_max_messages = window;
    config.window_max_bytes = 1 << 20;
    config.buffer.max_bytes = 1 << 24;
    return config;
  }
  // The sink takes so many every 10 ms.
  void drain(std::size_t count, milliseconds time) {
    for (; time.count() > 0; time -= milliseconds(10)) {
      route.wait(milliseconds(10));
      route.deliver(count);
      route.do_work();
    }
  }
};

}  // namespace

TEST_CASE("a drain begins with 256 messages in the sink and grows to the window") {
  Draining backlog;
  CoreHarness& route = backlog.route;
  CHECK(route.held.size() == 256);
  backlog.drain(100, milliseconds(100));
  CHECK(route.held.size() == window);
}

TEST_CASE("a drain whose sink slows down has less in it, and the window again when it is as fast") {
  Draining backlog;
  CoreHarness& route = backlog.route;
  backlog.drain(100, milliseconds(500));
  CHECK(route.held.size() == window);
  backlog.drain(10, milliseconds(3000));
  CHECK(route.held.size() <= window / 4);
  CHECK(route.state() == RouteState::draining);
  backlog.drain(100, milliseconds(4000));
  CHECK(route.held.size() == window);
  CHECK(route.conserved());
}

TEST_CASE("a throttle halves the drain, once until something is acknowledged again") {
  Draining backlog;
  CoreHarness& route = backlog.route;
  backlog.drain(100, milliseconds(100));
  sinks::Health pause;
  pause.up = true;
  pause.throttled_for = milliseconds(100);
  for (int i = 0; i < 3; ++i) route.core.health(pause, route.now);
  route.deliver(window);
  route.do_work();
  CHECK(route.held.size() >= window / 2);
  CHECK(route.held.size() < window / 2 + window / 8);
}

}  // namespace rebuf::daemon
