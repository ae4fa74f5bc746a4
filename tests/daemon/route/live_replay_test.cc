// Dead letters of a live route, put back and deleted: real log, real worker.
#include "tests/daemon/route/fake_sink.h"
#include "tests/daemon/route/live_harness.h"

namespace rebuf::daemon {
namespace {

// A direct route that has `count` dead letters, "bad 0" and so on.
struct Poisoned {
  explicit Poisoned(std::size_t count) {
    sink.refuse("bad");
    route->start(sink);
    REQUIRE(in_state(*route, RouteState::direct));
    for (std::size_t i = 0; i < count; ++i)
      REQUIRE(offer(*route, {"good", bad(i)})->answer().refused.size() == 1);
    REQUIRE(route->snapshot().dead_letter_messages == count);
  }
  static std::string bad(std::size_t number) { return "bad " + std::to_string(number); }
  // Of "bad …", in order.
  [[nodiscard]] std::vector<std::string> delivered_letters() const {
    auto taken = sink.taken();
    std::erase(taken, "good");
    return taken;
  }
  const test::TemporaryDirectory directory;
  FakeSink sink;
  std::unique_ptr<LiveRoute> route = open_route(live_settings(directory));
};

}  // namespace

TEST_CASE("replayed dead letters are delivered in order and counted as recovered") {
  Poisoned poisoned(50);
  poisoned.sink.refuse("");
  const auto replayed = poisoned.route->replay_dead_letters();
  REQUIRE_MESSAGE(replayed.ok(), replayed.status().message());
  CHECK(replayed->messages == 50);
  CHECK(replayed->dead_again == 0);
  CHECK(replayed->left == 0);
  const auto letters = poisoned.delivered_letters();
  REQUIRE(letters.size() == 50);
  for (std::size_t i = 0; i < 50; ++i) CHECK(letters[i] == Poisoned::bad(i));
  const RouteSnapshot now = poisoned.route->snapshot();
  CHECK(now.totals.recovered_dead_letters == 50);
  CHECK(now.dead_letter_messages == 0);
  CHECK(conserved(now));
  CHECK(poisoned.route->replay_dead_letters()->messages == 0);
  CHECK(poisoned.sink.letter_headers() == 50);
}

TEST_CASE("what is refused again when it is replayed is a dead letter again, and none is lost") {
  Poisoned poisoned(5);
  poisoned.sink.refuse("bad 3");
  const auto replayed = poisoned.route->replay_dead_letters();
  REQUIRE(replayed.ok());
  CHECK(replayed->messages == 5);
  CHECK(replayed->dead_again == 1);
  CHECK(replayed->left == 1);
  CHECK(poisoned.delivered_letters().size() == 4);
  CHECK(poisoned.sink.letter_headers() == 4);
  // All refused again: they are letters again too, the route goes on.
  poisoned.sink.refuse("bad");
  CHECK(poisoned.route->replay_dead_letters()->dead_again == 1);
  CHECK(poisoned.route->snapshot().dead_letter_messages == 1);
  // However often it is put back, it says so once.
  poisoned.sink.refuse("");
  CHECK(poisoned.route->replay_dead_letters()->messages == 1);
  CHECK(poisoned.sink.letter_headers() == 5);
  CHECK(conserved(poisoned.route->snapshot()));
}

TEST_CASE("replayed while the sink is away they go into the log, and survive a restart") {
  Poisoned poisoned(5);
  poisoned.sink.refuse("");
  poisoned.sink.work(false);
  poisoned.sink.say(false);
  REQUIRE(in_state(*poisoned.route, RouteState::buffering));
  REQUIRE(poisoned.route->replay_dead_letters()->messages == 5);
  CHECK(poisoned.route->snapshot().dead_letter_messages == 0);
  CHECK(poisoned.route->snapshot().backlog_messages == 5);
  poisoned.route->finish_stop(Clock::now());
  poisoned.route.reset();
  poisoned.route = open_route(live_settings(poisoned.directory));
  poisoned.sink.work(true);
  poisoned.route->start(poisoned.sink);
  CHECK(eventually([&] { return poisoned.delivered_letters().size() == 5; }));
  CHECK(conserved(poisoned.route->snapshot()));
}

TEST_CASE("dead letters that the route does not take stay where they are") {
  Poisoned poisoned(5);
  poisoned.sink.refuse("");
  poisoned.route->begin_stop();
  const auto refused = poisoned.route->replay_dead_letters();
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.status().message().find("stay") != std::string::npos);
  CHECK(poisoned.route->snapshot().dead_letter_messages == 5);
}

TEST_CASE("a kill between delivery and mark repeats dead letters and loses none") {
  Poisoned poisoned(5);
  poisoned.sink.refuse("");
  const test::TemporaryDirectory copy;
  // As a kill would leave it that came before the mark.
  std::filesystem::copy(poisoned.directory.path(), copy.path(),
                        std::filesystem::copy_options::recursive);
  REQUIRE(poisoned.route->replay_dead_letters()->messages == 5);
  poisoned.route->finish_stop(Clock::now());
  const auto next = open_route(live_settings(copy));
  CHECK(next->snapshot().dead_letter_messages == 5);
  next->start(poisoned.sink);
  REQUIRE(in_state(*next, RouteState::direct));
  CHECK(next->replay_dead_letters()->messages == 5);
  CHECK(poisoned.delivered_letters().size() == 10);
}

TEST_CASE("full dead letters stop the route and say so, a purge of them lets it go on by itself") {
  const test::TemporaryDirectory directory;
  FakeSink sink;
  sink.refuse("bad");
  auto settings = live_settings(directory);
  settings.route.dead_letters_max_bytes = 400;
  const auto route = open_route(settings);
  route->start(sink);
  REQUIRE(in_state(*route, RouteState::direct));
  std::vector<std::shared_ptr<WaitingClient>> clients;
  for (int i = 0; i < 5; ++i) clients.push_back(offer(*route, {"good", "bad"}));
  REQUIRE(eventually(
      [&] { return route->snapshot().state_reason.find("dead letters cannot be kept") == 0; }));
  CHECK(offer(*route, {"later"})->answer().buffered == 1);
  const std::uint64_t kept = route->snapshot().dead_letter_messages;
  CHECK(kept < 5);
  CHECK(*route->purge_dead_letters() == kept);
  for (int round = 0; round < 5 && route->snapshot().state != RouteState::direct; ++round) {
    REQUIRE(eventually([&] {
      const RouteSnapshot now = route->snapshot();
      return now.state == RouteState::direct ||
             (now.dead_letter_messages > 0 && !now.state_reason.empty());
    }));
    ignore(route->purge_dead_letters().status(), "whatever stands there by then");
  }
  CHECK(in_state(*route, RouteState::direct));
  CHECK(eventually([&] { return sink.taken_count() == 6; }));
  CHECK(conserved(route->snapshot()));
}

}  // namespace rebuf::daemon
