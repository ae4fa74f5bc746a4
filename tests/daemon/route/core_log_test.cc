// A log that is full, that fails, that is damaged; on_full.
#include <doctest/doctest.h>

#include "tests/daemon/route/core_harness.h"

namespace rebuf::daemon {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_CASE("a buffer that holds max_bytes refuses, and takes again when segments have gone") {
  auto config = CoreHarness::route();
  config.buffer.max_bytes = 1000;
  CoreHarness route(config);
  route.offer(1, 800);
  route.commit();
  const auto refused = route.offer(1, 800);
  REQUIRE(refused->answer);
  CHECK(refused->answer->code == AnswerCode::buffer_full);
  CHECK(refused->answer->retry_after_s > 0);
  CHECK(route.state() == RouteState::full);
  CHECK_FALSE(route.core.readiness().ready);
  CHECK(route.core.totals().accepted == 1);
}

TEST_CASE("a request that could never be buffered is refused for good, and the route stays ready") {
  auto config = CoreHarness::route();
  config.window_max_bytes = 400;
  config.buffer.max_bytes = 1000;
  for (const config::Ack ack : {config::Ack::buffered, config::Ack::delivered_or_buffered}) {
    CAPTURE(static_cast<int>(ack));
    config.ack = ack;
    CoreHarness route(config);
    route.offer(1, 10);
    route.commit();
    const auto refused = route.offer(1, 2000);
    REQUIRE(refused->answer);
    // While the sink is down; it could be delivered once that is up.
    const bool for_good = ack == config::Ack::buffered;
    CHECK(refused->answer->code == (for_good ? AnswerCode::never_fits : AnswerCode::buffer_full));
    CHECK(route.state() == RouteState::buffering);
    CHECK(route.core.readiness().ready);
    CHECK_FALSE(route.offer(1, 10)->answer);
  }
}

TEST_CASE("keep_free: with too little left on the disk nothing is buffered") {
  CoreHarness route;
  route.disk_low = true;
  route.wait(milliseconds(20));
  const auto refused = route.offer();
  REQUIRE(refused->answer);
  CHECK(refused->answer->code == AnswerCode::buffer_full);
  route.disk_low = false;
  route.wait(milliseconds(20));
  CHECK_FALSE(route.offer()->answer);
}

TEST_CASE("a route tells since when it is in its state, full and buffering apart") {
  CoreHarness route;
  const std::chrono::system_clock::time_point wall{std::chrono::hours(100)};
  const auto age = [&] {
    RouteSnapshot snapshot;
    route.core.fill(snapshot, route.now, wall);
    return wall - snapshot.since;
  };
  route.wait(seconds(10));
  CHECK(age() == seconds(10));
  route.disk_low = true;
  route.wait(seconds(2));
  CHECK(route.state() == RouteState::full);
  CHECK(age() < seconds(2));
  route.disk_low = false;
  route.wait(seconds(1));
  CHECK(route.state() == RouteState::buffering);
  CHECK(age() < seconds(1));
  route.probe_says(true);
  CHECK(route.state() == RouteState::direct);
  CHECK(age() == seconds(0));
}

TEST_CASE("a full disk refuses what was queued and resumes by itself, with dense ordinals") {
  CoreHarness route;
  const auto first = route.offer();
  const auto second = route.offer();
  route.fail(Code::full);
  REQUIRE(first->answer);
  REQUIRE(second->answer);
  CHECK(first->answer->code == AnswerCode::buffer_full);
  CHECK(second->answer->code == AnswerCode::buffer_full);
  CHECK(route.offer()->answer->code == AnswerCode::buffer_full);
  CHECK(route.resumed == 0);
  route.wait(milliseconds(1100));
  CHECK(route.resumed == 1);
  const auto third = route.offer();
  route.commit();
  REQUIRE(third->answer);
  CHECK(third->answer->buffered == 1);
  CHECK(ordinal_of(route.stored[0].data) == first_ordinal);
  CHECK(route.conserved());
}

TEST_CASE("while the window could not be spilled nothing new is appended") {
  CoreHarness route;
  route.go_direct();
  const auto held = route.offer(2);
  route.sink_says(false);
  route.fail(Code::full);
  CHECK(route.offer()->answer->code == AnswerCode::buffer_full);
  CHECK_FALSE(held->answer);
  route.wait(milliseconds(1100));
  route.commit();
  REQUIRE(held->answer);
  CHECK(held->answer->buffered == 2);
  CHECK(route.stored_values.size() == 2);
}

TEST_CASE("a spill that fails leaves the delivery, if it comes, and else outcome_unknown") {
  CoreHarness route;
  route.go_direct();
  const auto delivered = route.offer();
  const auto unknown = route.offer(1, 10, seconds(3));
  route.sink_says(false);
  route.fail(Code::full);
  route.deliver(1);
  REQUIRE(delivered->answer);
  CHECK(delivered->answer->delivered == 1);
  for (int i = 0; i < 3; ++i) {
    route.wait(milliseconds(1000));
    route.fail(Code::full);
  }
  route.wait(milliseconds(100));
  REQUIRE(unknown->answer);
  CHECK(unknown->answer->code == AnswerCode::outcome_unknown);
  CHECK(route.conserved());
}

TEST_CASE("a failed sync: the log is opened again, the window spilled again, nothing sent twice") {
  CoreHarness route;
  route.go_direct();
  const auto client = route.offer(2);
  route.sink_says(false);
  const auto cancelled = route.offer();
  const std::vector<Bytes> spilled = route.queued[0].entries;
  route.fail(Code::sync_failed);
  CHECK(route.state() == RouteState::failed);
  REQUIRE(cancelled->answer);
  CHECK(cancelled->answer->code == AnswerCode::log_failed);
  CHECK(route.offer()->answer->code == AnswerCode::log_failed);
  CHECK_FALSE(client->answer);
  REQUIRE(std::holds_alternative<ReopenLogWork>(route.work()));
  // The spilled ones reached the disk although their sync had failed.
  const std::vector<std::byte> first(spilled[0].begin(), spilled[0].end());
  const std::vector<std::byte> second(spilled[1].begin(), spilled[1].end());
  route.stored.push_back({{0, 0}, {0, 100}, first});
  route.stored.push_back({{0, 100}, {0, 200}, second});
  route.log_bytes = 200;
  route.core.log_reopened({}, 3, 200, route.now);
  route.commit();
  REQUIRE(client->answer);
  CHECK(client->answer->buffered == 2);
  CHECK(ordinal_of(route.stored[2].data) == 3);
  route.offer();
  route.commit();
  route.wait(milliseconds(300));
  route.deliver();
  route.do_work();
  route.deliver();
  CHECK(route.submitted.size() == 3);
  CHECK(route.core.backlog() == 0);
  CHECK(route.conserved());
}

TEST_CASE("a failed sync: a client whose message may be in the log is told so") {
  CoreHarness route;
  const auto client = route.offer();
  route.fail(Code::sync_failed);
  REQUIRE(client->answer);
  CHECK(client->answer->code == AnswerCode::outcome_unknown);
}

TEST_CASE("a log that cannot be opened is tried again with growing pauses") {
  CoreHarness route;
  route.offer();
  route.fail(Code::io);
  REQUIRE(std::holds_alternative<ReopenLogWork>(route.work()));
  route.core.log_reopened({Code::io, "open"}, 0, 0, route.now);
  route.wait(milliseconds(1500));
  CHECK_FALSE(std::holds_alternative<ReopenLogWork>(route.work()));
  route.wait(milliseconds(600));
  CHECK(std::holds_alternative<ReopenLogWork>(route.work()));
}

TEST_CASE("damage in the backlog is counted by its ordinals, and what is behind it delivered") {
  CoreHarness route;
  route.offer(5);
  route.commit();
  route.stored.erase(route.stored.begin() + 1, route.stored.begin() + 3);
  route.probe_says(true);
  route.do_work();
  route.deliver();
  CHECK(route.submitted.size() == 3);
  CHECK(route.dropped(DropReason::damaged) == 2);
  CHECK(route.core.backlog() == 0);
  CHECK(route.conserved());
}

TEST_CASE("damage at the end of the backlog does not keep the route from going direct") {
  CoreHarness route;
  route.offer(3);
  route.commit();
  route.stored.pop_back();
  route.probe_says(true);
  route.do_work();
  route.deliver();
  CHECK(route.dropped(DropReason::damaged) == 1);
  CHECK(route.state() == RouteState::direct);
}

TEST_CASE("drop_oldest: a full buffer lets the oldest go, exactly counted, and takes the new") {
  auto config = CoreHarness::route();
  config.buffer.max_bytes = 2000;
  config.buffer.on_full = config::OnFull::drop_oldest;
  CoreHarness route(config);
  route.offer(3, 500);
  route.commit();
  const auto client = route.offer(1, 500);
  CHECK_FALSE(client->answer);
  REQUIRE(std::holds_alternative<DropOldestWork>(route.work()));
  route.core.dropped_oldest({}, route.stored[1].end, 3, 600, route.now);
  CHECK(route.dropped(DropReason::full) == 2);
  route.commit();
  REQUIRE(client->answer);
  CHECK(client->answer->buffered == 1);
  CHECK(route.core.backlog() == 2);
  CHECK(route.conserved());
}

TEST_CASE("drop_oldest: a message whose segment went while the sink held it counts once") {
  auto config = CoreHarness::route();
  config.window_max_bytes = 1000;
  config.buffer.max_bytes = 1800;
  config.buffer.on_full = config::OnFull::drop_oldest;
  for (const bool given_back : {false, true}) {
    CoreHarness route(config);
    route.go_direct();
    route.offer(2, 400);
    route.sink_says(false);
    route.commit();
    route.offer(1, 810);
    REQUIRE(std::holds_alternative<DropOldestWork>(route.work()));
    route.core.dropped_oldest({}, route.stored[1].end, 3, 0, route.now);
    CHECK(route.core.in_flight() == 3);  // the two, and the one that waits for its commit
    CHECK(route.dropped(DropReason::full) == 0);
    if (given_back)
      route.give_back();
    else
      route.deliver();
    CHECK(route.dropped(DropReason::full) == (given_back ? 2 : 0));
    CHECK(route.core.totals().delivered() == (given_back ? 0 : 2));
    CHECK(route.conserved());
  }
}

// Found by the simulation: it was counted in the gap as well.
TEST_CASE("drop_oldest: a message that went before its commit was heard of counts once") {
  auto config = CoreHarness::route();
  config.buffer.on_full = config::OnFull::drop_oldest;
  config.buffer.max_bytes = 2000;
  CoreHarness route(config);
  route.offer(2, 500);
  route.commit();
  route.offer(1, 500);   // committed on disk below, not heard of
  route.offer(1, 1500);  // waits for room
  const Position behind{0, 3000};
  route.commit(0);
  CoreHarness::Group late = route.queued.front();
  route.queued.clear();
  Appended end;
  end.tag = late.tag;
  end.entries = 1;
  end.first = {0, 1200};
  route.core.dropped_oldest({}, behind, 4, 0, route.now);
  route.core.appended({&end, 1}, 0, route.now);
  CHECK(route.dropped(DropReason::full) == 3);
  CHECK(route.core.backlog() == 0);
  CHECK(route.conserved());
}

// Found by the simulation: the next start counted what had been dropped as damaged.
TEST_CASE("drop_oldest: the cursor stays behind what was dropped, its ordinal too") {
  auto config = CoreHarness::route();
  config.window_max_bytes = 700;
  config.buffer.max_bytes = 1800;
  config.buffer.on_full = config::OnFull::drop_oldest;
  CoreHarness route(config);
  route.go_direct();
  route.offer(1, 500);
  route.give_back();
  route.offer(1, 500);
  route.commit();
  route.offer(1, 800);
  REQUIRE(std::holds_alternative<DropOldestWork>(route.work()));
  route.core.dropped_oldest({}, route.stored[1].end, 3, 0, route.now);
  CHECK(route.core.cursor().position == route.stored[1].end);
  CHECK(route.core.cursor().ordinal == 3);
}

TEST_CASE("an idle log is completed and its segments purged behind a saved cursor") {
  CoreHarness route;
  route.offer(2);
  route.commit();
  route.probe_says(true);
  route.do_work();
  route.deliver();
  CHECK(route.state() == RouteState::direct);
  bool sealed = false;
  std::optional<SegmentId> purged;
  for (int i = 0; i < 50; ++i) {
    route.wait(milliseconds(20));
    const Work work = route.work();
    const auto* housekeeping = std::get_if<HousekeepingWork>(&work);
    if (housekeeping == nullptr) continue;
    sealed |= housekeeping->seal;
    if (housekeeping->purge_through) {
      purged = housekeeping->purge_through;
      CHECK(housekeeping->save);
      CHECK(housekeeping->save->position == Position{1, 0});
    }
    route.core.housekeeping_done(*housekeeping, {}, 1, sealed ? 0 : 100, route.now);
  }
  CHECK(sealed);
  CHECK(purged == 0U);
  route.wait(seconds(2));
  CHECK(route.core.idle(route.now));
}

}  // namespace rebuf::daemon
