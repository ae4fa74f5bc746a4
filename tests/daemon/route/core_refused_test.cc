// Messages that the sink refuses for what they are.
#include <doctest/doctest.h>

#include <utility>

#include "tests/daemon/route/core_harness.h"

namespace rebuf::daemon {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::uint64_t dead_lettered(const CoreHarness& route) {
  return route.core.totals().dead_lettered[static_cast<std::size_t>(sinks::Refusal::too_large)];
}

bool wants_dead_letter(CoreHarness& route) {
  return std::holds_alternative<DeadLetterWork>(route.work());
}

}  // namespace

TEST_CASE("a request that is refused whole gets it back and nothing is dead-lettered") {
  CoreHarness route;
  route.go_direct();
  const auto client = route.offer(2);
  route.refuse(2);
  REQUIRE(client->answer);
  CHECK(client->answer->code == AnswerCode::too_large);
  CHECK(client->answer->detail == "refused by the test");
  CHECK_FALSE(wants_dead_letter(route));
  CHECK(route.core.totals().rejected[static_cast<std::size_t>(sinks::Refusal::too_large)] == 2);
  CHECK(route.conserved());
}

TEST_CASE("refused among others: the answer comes when the dead letter is durable") {
  CoreHarness route;
  route.go_direct();
  const auto client = route.offer(3);
  route.refuse_nth(1);
  route.deliver();
  CHECK_FALSE(client->answer);
  REQUIRE(wants_dead_letter(route));
  CHECK_FALSE(client->answer);
  route.core.dead_lettered({}, route.now);
  REQUIRE(client->answer);
  CHECK(client->answer->code == AnswerCode::ok);
  CHECK(client->answer->delivered == 2);
  REQUIRE(client->answer->refused.size() == 1);
  CHECK(client->answer->refused[0].index == 1);
  CHECK(dead_lettered(route) == 1);
  CHECK(route.conserved());
}

TEST_CASE("a buffered message that is refused goes to the dead letters, and the drain goes on") {
  CoreHarness route;
  route.offer(3);
  route.commit();
  route.probe_says(true);
  route.do_work();
  route.refuse_nth(0);
  route.deliver();
  REQUIRE(wants_dead_letter(route));
  CHECK(route.core.cursor().position == Position{0, 0});  // first the letter, then the cursor
  route.core.dead_lettered({}, route.now);
  CHECK(route.core.cursor().position == route.stored[2].end);
  CHECK(dead_lettered(route) == 1);
  CHECK(route.core.backlog() == 0);
}

TEST_CASE("full dead letters: the route waits, says so, buffers what is new, and goes on") {
  CoreHarness route;
  route.go_direct();
  route.offer(2);
  route.refuse_nth(0);
  route.deliver();
  REQUIRE(wants_dead_letter(route));
  route.core.dead_lettered({Code::full, "dead letters are full"}, route.now);
  RouteSnapshot snapshot;
  route.core.fill(snapshot, route.now, std::chrono::system_clock::now());
  CHECK(snapshot.state_reason.find("dead letters") != std::string::npos);
  const auto client = route.offer();
  route.commit();
  REQUIRE(client->answer);
  CHECK(client->answer->buffered == 1);
  route.probe_says(true);
  CHECK(route.held.empty());
  route.wait(milliseconds(1100));
  REQUIRE(wants_dead_letter(route));
  route.core.dead_lettered({}, route.now);
  route.do_work();
  CHECK(route.held.size() == 1);
}

TEST_CASE("after 100 dead letters without an acknowledgement the route waits") {
  CoreHarness route;
  for (int i = 0; i < 2; ++i) route.offer(60);
  route.commit();
  route.probe_says(true);
  for (int i = 0; i < 500 && route.state() != RouteState::buffering; ++i) {
    route.do_work();
    if (!route.held.empty()) route.refuse();
  }
  CHECK(dead_lettered(route) == 100);
  CHECK(route.state() == RouteState::buffering);
  CHECK(route.conserved());
}

TEST_CASE("on_error: drop counts and answers, on_error: retry asks for everything back") {
  auto config = CoreHarness::route();
  config.on_too_large = config::OnError::drop;
  config.on_auth = config::OnError::retry;
  CoreHarness route(config);
  route.go_direct();
  const auto dropped = route.offer(2);
  route.refuse_nth(0);
  route.deliver();
  REQUIRE(dropped->answer);
  CHECK(dropped->answer->delivered == 1);
  CHECK(dropped->answer->refused.size() == 1);
  CHECK(route.dropped(DropReason::policy) == 1);

  const auto retried = route.offer(2);
  route.refuse_nth(0, sinks::Refusal::auth);
  CHECK(std::holds_alternative<RecallWork>(route.work()));
  CHECK(route.state() == RouteState::buffering);
  route.give_back();
  route.commit();
  REQUIRE(retried->answer);
  CHECK(retried->answer->buffered == 2);
  route.submitted.clear();
  route.probe_says(true);
  CHECK(route.submitted == std::vector<std::string>{"2........."});
  CHECK(route.conserved());
}

// Found by a busy machine: each time all was taken back before any of it was sent.
TEST_CASE("on_error: retry: what is before the message goes first, then it alone, then the rest") {
  auto config = CoreHarness::route();
  config.on_too_large = config::OnError::retry;
  CoreHarness route(config);
  const auto submitted_now = [&] {
    route.do_work();
    return std::exchange(route.submitted, {});
  };
  route.offer(4);
  route.commit();
  route.probe_says(true);
  CHECK(submitted_now().size() == 4);
  route.refuse_nth(2);
  CHECK(std::holds_alternative<RecallWork>(route.work()));
  route.give_back();
  route.wait(seconds(3));
  route.probe_says(true);
  CHECK(submitted_now() == std::vector<std::string>{"0.........", "1........."});
  route.deliver(1);
  CHECK(submitted_now().empty());
  route.deliver();
  for (int attempt = 0; attempt < 3; ++attempt) {
    CHECK(submitted_now() == std::vector<std::string>{"2........."});
    route.refuse();
    CHECK(route.state() == RouteState::buffering);
    CHECK_FALSE(std::holds_alternative<RecallWork>(route.work()));
    CHECK(submitted_now().empty());
    route.wait(seconds(3));
    route.probe_says(true);
  }
  route.offer();
  CHECK(submitted_now() == std::vector<std::string>{"2........."});
  route.deliver();
  CHECK(submitted_now() == std::vector<std::string>{"3.........", "4........."});
  route.deliver();
  CHECK(route.core.backlog() == 0);
  CHECK(route.conserved());
}

TEST_CASE(
    "on_error: retry: when the sink takes one, all that it refused for the same go together") {
  auto config = CoreHarness::route();
  config.on_auth = config::OnError::retry;
  CoreHarness route(config);
  route.offer(5);
  route.commit();
  route.probe_says(true);
  route.do_work();
  route.refuse(4, sinks::Refusal::auth);
  CHECK(std::holds_alternative<RecallWork>(route.work()));
  route.give_back();
  route.submitted.clear();
  route.wait(seconds(3));
  route.probe_says(true);
  route.do_work();
  CHECK(std::exchange(route.submitted, {}) == std::vector<std::string>{"0........."});
  route.deliver();
  CHECK(route.submitted.size() == 4);
  route.deliver();
  CHECK(route.core.backlog() == 0);
  CHECK(route.conserved());
}

TEST_CASE("on_error: retry: while the message is tried alone the route is not direct") {
  auto config = CoreHarness::route();
  config.on_too_large = config::OnError::retry;
  CoreHarness route(config);
  route.offer();
  route.commit();
  route.probe_says(true);
  route.do_work();
  route.refuse();
  route.give_back();
  route.wait(seconds(3));
  route.probe_says(true);
  route.do_work();
  REQUIRE(route.held.size() == 1);
  CHECK(route.state() == RouteState::draining);
  const auto client = route.offer();
  route.commit();  // into the log meanwhile
  REQUIRE(client->answer);
  CHECK(client->answer->buffered == 1);
  route.deliver();
  route.deliver();
  CHECK(route.state() == RouteState::direct);
  CHECK(route.conserved());
}

// Found by the simulation: what decides a request may stand behind its refused messages.
TEST_CASE("a batch whose refused messages fill the window is still decided") {
  auto config = CoreHarness::route();
  config.window_max_messages = 2;
  config.ack = config::Ack::delivered;
  CoreHarness route(config);
  route.go_direct();
  const auto client = route.offer(5);
  route.refuse(2);
  route.refuse(2);
  REQUIRE(route.held.size() == 1);
  route.deliver();
  route.do_work();
  REQUIRE(client->answer);
  CHECK(client->answer->delivered == 1);
  CHECK(client->answer->refused.size() == 4);
}

// Found by the simulation: nobody answered.
TEST_CASE("a message dropped while its append was open, which then fails, is still answered for") {
  auto config = CoreHarness::route();
  config.on_too_large = config::OnError::drop;
  CoreHarness route(config);
  const auto client = route.offer(2);
  route.probe_says(true);
  REQUIRE(route.held.size() == 2);
  route.refuse();
  route.fail(Code::full);
  route.deliver();
  REQUIRE(client->answer);
  CHECK(client->answer->delivered == 1);
  CHECK(client->answer->refused.size() == 1);
  CHECK(route.conserved());
}

// Found by the simulation: the answer left while one of them was not in the dead letters.
TEST_CASE("the last dead letter that a request waits for may not be its only refused message") {
  CoreHarness route;
  route.go_direct();
  const auto client = route.offer(3);
  route.refuse_nth(0);  // undecided
  route.sink_says(false);
  route.refuse_nth(0);  // in the log, perhaps: to the dead letters at once
  route.fail(Code::full);
  REQUIRE(wants_dead_letter(route));
  route.deliver();
  route.core.dead_lettered({}, route.now);
  CHECK_FALSE(client->answer);
  REQUIRE(wants_dead_letter(route));
  route.core.dead_lettered({}, route.now);
  REQUIRE(client->answer);
  CHECK(client->answer->delivered == 1);
  CHECK(client->answer->refused.size() == 2);
  CHECK(dead_lettered(route) == 2);
}

TEST_CASE("a request that expires while refused messages of it are undecided leaves none behind") {
  auto config = CoreHarness::route();
  config.spill_after = seconds(100);
  CoreHarness route(config);
  route.go_direct();
  const auto client = route.offer(2, 10, seconds(1));
  route.refuse_nth(0);
  route.wait(milliseconds(1100));
  REQUIRE(client->answer);
  CHECK(client->answer->code == AnswerCode::outcome_unknown);
  route.do_work();
  CHECK(dead_lettered(route) == 1);
  route.deliver();
  CHECK(route.core.in_flight() == 0);
  CHECK(route.conserved());
}

TEST_CASE("a request of which something lies in the dead letters is not answered as given back") {
  for (const std::size_t count : {1U, 2U}) {
    CAPTURE(count);
    CoreHarness route;
    route.go_direct();
    const auto client = route.offer(count);
    route.sink_says(false);
    route.refuse();  // while its append is open
    route.fail(Code::full);
    route.refuse(count - 1);  // and this one is nowhere else
    for (std::size_t i = 0; i < count; ++i) {
      CHECK_FALSE(client->answer);
      REQUIRE(wants_dead_letter(route));
      route.core.dead_lettered({}, route.now);
    }
    REQUIRE(client->answer);
    CHECK(client->answer->code == AnswerCode::ok);
    CHECK(client->answer->refused.size() == count);
    CHECK(dead_lettered(route) == count);
    CHECK(route.conserved());
  }
}

TEST_CASE("ack: delivered: what was refused beside what is given back is not dead-lettered") {
  auto config = CoreHarness::route();
  config.ack = config::Ack::delivered;
  CoreHarness route(config);
  route.go_direct();
  const auto client = route.offer(2);
  route.refuse();
  route.give_back();
  REQUIRE(client->answer);
  CHECK(client->answer->code == AnswerCode::sink_down);
  route.wait(seconds(60));
  CHECK_FALSE(wants_dead_letter(route));
  CHECK(route.core.in_flight() == 0);
  CHECK(route.conserved());
}

}  // namespace rebuf::daemon
