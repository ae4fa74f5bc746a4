// buffer.max_age.
#include <doctest/doctest.h>

#include "tests/daemon/route/core_harness.h"

namespace rebuf::daemon {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

config::RouteConfig config_with_max_age() {
  auto config = CoreHarness::route();
  config.buffer.max_age = minutes(10);
  return config;
}

void buffer(CoreHarness& route, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) route.offer();
  route.commit();
}

std::uint64_t expired(const CoreHarness& route) { return route.dropped(DropReason::expired); }

void drain(CoreHarness& route) {
  route.probe_says(true);
  route.do_work();
  route.deliver();
  route.do_work();
}

}  // namespace

TEST_CASE("messages older than max_age are dropped and counted when the drain meets them") {
  CoreHarness route(config_with_max_age());
  buffer(route, 3);
  route.wait(minutes(9));
  buffer(route, 2);
  route.wait(minutes(2));
  CHECK(expired(route) == 0);  // not before
  drain(route);
  CHECK(route.submitted == std::vector<std::string>{"3.........", "4........."});
  CHECK(expired(route) == 3);
  CHECK(route.state() == RouteState::direct);
  CHECK(route.core.cursor().position >= route.stored[4].end);
  CHECK(route.conserved());
}

TEST_CASE("a backlog that is too old as a whole goes without a message to the sink") {
  CoreHarness route(config_with_max_age());
  buffer(route, 500);  // several windows
  route.wait(minutes(11));
  drain(route);
  CHECK(route.submitted.empty());
  CHECK(expired(route) == 500);
  CHECK(route.state() == RouteState::direct);
  CHECK(route.conserved());
}

TEST_CASE("what arrived before this program was built is kept: that clock was wrong") {
  CoreHarness route(config_with_max_age());
  route.wall_offset = hours(-1);  // the harness' own clock began an hour before: 1970
  buffer(route, 2);
  route.wall_offset = hours(500'000);
  route.wait(minutes(11));
  drain(route);
  CHECK(route.submitted.size() == 2);
  CHECK(expired(route) == 0);
}

TEST_CASE("what arrived before the clock was stepped is kept, what came later expires") {
  CoreHarness route(config_with_max_age());
  route.wait(seconds(1));
  buffer(route, 2);
  route.wall_offset += hours(24 * 365);
  route.wait(seconds(1));
  buffer(route, 1);  // perhaps still stamped by the old one
  route.wait(minutes(2));
  buffer(route, 3);
  route.wait(minutes(11));
  drain(route);
  CHECK(route.submitted.size() == 3);
  CHECK(expired(route) == 3);
  CHECK(route.conserved());
}

TEST_CASE("a message of the moment in which the clock steps back does not look old") {
  CoreHarness route(config_with_max_age());
  buffer(route, 1);
  route.wait(seconds(1));
  drain(route);
  route.sink_says(false);
  buffer(route, 1);
  route.wait(seconds(1));
  route.wall_offset -= hours(1);
  buffer(route, 1);  // no look at the clock since
  drain(route);
  CHECK(expired(route) == 0);
  CHECK(route.submitted.size() == 3);
}

TEST_CASE("without max_age nothing expires") {
  CoreHarness route;
  buffer(route, 2);
  route.wait(hours(1));
  drain(route);
  CHECK(route.submitted.size() == 2);
}

}  // namespace rebuf::daemon
