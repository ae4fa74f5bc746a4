// The window, the modes of ack, deadlines and the end.
#include <doctest/doctest.h>

#include "tests/daemon/route/core_harness.h"

namespace rebuf::daemon {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

CoreSettings with_memory(std::uint64_t bytes) {
  CoreSettings settings;
  settings.sink_memory = bytes;
  return settings;
}

}  // namespace

TEST_CASE("a full window makes requests wait, and they go in order as it empties") {
  auto config = CoreHarness::route();
  config.window_max_messages = 2;
  CoreHarness route(config);
  route.go_direct();
  route.offer(2);
  const auto waiting = route.offer(2);
  CHECK(route.held.size() == 2);
  CHECK(route.core.totals().accepted == 2);
  route.deliver(2);
  CHECK(route.held.size() == 2);
  route.deliver(2);
  REQUIRE(waiting->answer);
  CHECK(waiting->answer->delivered == 2);
  CHECK(route.submitted ==
        std::vector<std::string>{"0.........", "1.........", "2.........", "3........."});
}

TEST_CASE("a window that stays full for spill_after is an outage, and who waited is buffered") {
  auto config = CoreHarness::route();
  config.window_max_messages = 1;
  CoreHarness route(config);
  route.go_direct();
  route.offer();
  const auto waiting = route.offer();
  route.wait(milliseconds(1100));
  CHECK(route.state() == RouteState::buffering);
  route.commit();
  REQUIRE(waiting->answer);
  CHECK(waiting->answer->buffered == 1);
}

TEST_CASE("another part of the memory holds from the next request on, and nobody is forgotten") {
  CoreHarness route;
  route.go_direct();
  route.offer();
  CHECK(route.held.size() == 1);
  route.core.share_memory(1);
  const auto waiting = route.offer();
  const auto second = route.offer();
  CHECK(route.held.size() == 1);
  route.core.share_memory(1U << 20);
  route.wait(milliseconds(1));
  CHECK(route.held.size() == 3);
  route.deliver(3);
  REQUIRE(waiting->answer);
  REQUIRE(second->answer);
  CHECK(second->answer->delivered == 1);
}

TEST_CASE("a message larger than the window goes alone") {
  auto config = CoreHarness::route();
  config.window_max_bytes = 1000;
  CoreHarness route(config);
  route.go_direct();
  route.offer(1, 10);
  route.offer(1, 5000);
  CHECK(route.held.size() == 1);
  route.deliver();
  CHECK(route.held.size() == 1);
  CHECK(route.held.front().value.size() == 5000);
  route.offer(1, 10);
  CHECK(route.held.size() == 1);
  route.deliver();
  CHECK(route.held.size() == 1);
}

TEST_CASE(
    "small messages fill the route's memory before its window, and an outage frees the rest") {
  CoreHarness route(CoreHarness::route(), {},
                    with_memory(4000));  // 512 B a message on top: six fit
  route.go_direct();
  const auto first = route.offer(3);
  const auto second = route.offer(3);
  const auto third = route.offer(3);
  CHECK(route.held.size() == 6);
  route.wait(milliseconds(1100));
  route.commit();
  REQUIRE(third->answer);
  CHECK(third->answer->buffered == 3);
  CHECK(route.held.size() == 6);
  CHECK(third.use_count() == 1);  // from here on it is on the disk only
}

TEST_CASE("a request larger than the route's memory goes alone") {
  CoreHarness route(CoreHarness::route(), {}, with_memory(4000));
  route.go_direct();
  route.offer(1);
  const auto large = route.offer(20);
  CHECK(route.held.size() == 1);
  route.deliver();
  CHECK(route.held.size() == 20);
  route.offer(1);
  CHECK(route.held.size() == 20);
  route.deliver();
  REQUIRE(large->answer);
  CHECK(large->answer->delivered == 20);
  CHECK(route.held.size() == 1);
}

TEST_CASE("a backlog is read as far as the route's memory allows") {
  Recovered found;
  found.messages = 1;
  CoreHarness route(CoreHarness::route(), found, with_memory(160'000));
  route.probe_says(true);
  const Work work = route.work();
  REQUIRE(std::holds_alternative<ReadWork>(work));
  CHECK(std::get<ReadWork>(work).max_bytes == 10'000);
}

TEST_CASE("one stuck message holds the route: the window is the span behind it") {
  auto config = CoreHarness::route();
  config.window_max_messages = 4;
  CoreHarness route(config);
  route.go_direct();
  route.offer(4);
  route.deliver_nth(1);
  route.deliver_nth(1);
  route.offer();
  CHECK(route.held.size() == 2);
  route.deliver_nth(0);
  CHECK(route.held.size() == 2);
}

TEST_CASE("ack: delivered never writes the log and is refused at once while the sink is down") {
  auto config = CoreHarness::route();
  config.ack = config::Ack::delivered;
  CoreHarness route(config);
  const auto early = route.offer();
  REQUIRE(early->answer);
  CHECK(early->answer->code == AnswerCode::sink_down);
  CHECK(early->answer->retry_after_s > 0);
  route.go_direct();
  const auto lost = route.offer();
  route.give_back();
  REQUIRE(lost->answer);
  CHECK(lost->answer->code == AnswerCode::sink_down);
  CHECK(route.appends == 0);
  CHECK(route.dropped(DropReason::unanswered) == 1);
  CHECK(route.conserved());
}

TEST_CASE("ack: delivered: what the sink may have taken is answered outcome_unknown") {
  auto config = CoreHarness::route();
  config.ack = config::Ack::delivered;
  CoreHarness route(config);
  route.go_direct();
  const auto client = route.offer(2);
  route.give_back(true);
  REQUIRE(client->answer);
  CHECK(client->answer->code == AnswerCode::outcome_unknown);
  CHECK(route.core.in_flight() == 0);
}

TEST_CASE("ack: buffered goes through the log and is sent when it is committed") {
  auto config = CoreHarness::route();
  config.ack = config::Ack::buffered;
  CoreHarness route(config);
  route.probe_says(true);
  const auto client = route.offer();
  CHECK(route.state() == RouteState::draining);
  CHECK(route.held.empty());
  route.commit();
  REQUIRE(client->answer);
  CHECK(client->answer->buffered == 1);
  CHECK(route.held.size() == 1);
  route.deliver();
  CHECK(route.core.backlog() == 0);
  CHECK(route.state() == RouteState::draining);
}

TEST_CASE(
    "by its deadline a request is answered outcome_unknown, and its message still delivered") {
  auto config = CoreHarness::route();
  config.spill_after = seconds(100);
  CoreHarness route(config);
  route.go_direct();
  const auto client = route.offer(1, 10, seconds(2));
  route.wait(milliseconds(1900));
  CHECK_FALSE(client->answer);
  route.wait(milliseconds(200));
  REQUIRE(client->answer);
  CHECK(client->answer->code == AnswerCode::outcome_unknown);
  route.deliver();
  CHECK(route.core.totals().delivered() == 1);
  CHECK(route.conserved());
}

TEST_CASE("a request that waits for room until its deadline is refused, and nothing of it kept") {
  auto config = CoreHarness::route();
  config.spill_after = seconds(100);
  config.window_max_messages = 1;
  CoreHarness route(config);
  route.go_direct();
  route.offer();
  const auto client = route.offer(1, 10, seconds(2));
  route.wait(milliseconds(2100));
  REQUIRE(client->answer);
  CHECK(client->answer->code == AnswerCode::sink_down);
  route.deliver();
  CHECK(route.submitted.size() == 1);
  CHECK(route.core.totals().accepted == 1);
}

TEST_CASE("the cursor is saved within 200 ms of an acknowledgement") {
  CoreHarness route;
  route.offer(2);
  route.commit();
  route.probe_says(true);
  route.do_work();
  route.deliver(1);
  std::optional<Cursor> saved;
  for (int waited = 0; waited < 200 && !saved; waited += 10) {
    route.wait(milliseconds(10));
    const Work work = route.work();
    if (const auto* housekeeping = std::get_if<HousekeepingWork>(&work)) {
      saved = housekeeping->save;
      route.core.housekeeping_done(*housekeeping, {}, {}, route.log_bytes, route.now);
    }
  }
  REQUIRE(saved);
  CHECK(saved->position == route.stored[0].end);
  CHECK(saved->ordinal == first_ordinal + 1);
}

TEST_CASE("a stop answers who was not accepted, spills what the sink holds and answers the rest") {
  auto config = CoreHarness::route();
  config.window_max_messages = 1;
  CoreHarness route(config);
  route.go_direct();
  const auto in_sink = route.offer();
  const auto waiting = route.offer();
  route.core.stop(route.now);
  REQUIRE(waiting->answer);
  CHECK(waiting->answer->code == AnswerCode::stopping);
  const auto late = route.offer();
  CHECK(late->answer->code == AnswerCode::stopping);
  CHECK_FALSE(route.core.quiet());
  route.core.spill_for_stop(route.now);
  route.commit();
  REQUIRE(in_sink->answer);
  CHECK(in_sink->answer->buffered == 1);
  CHECK(route.core.quiet());
  route.core.give_up(route.now);
  CHECK(route.core.in_flight() == 0);
  CHECK(route.core.backlog() == 1);
}

}  // namespace rebuf::daemon
