// The live route and its dead letters: real log, real threads, a fake sink.
#include <fstream>

#include "tests/daemon/route/fake_sink.h"
#include "tests/daemon/route/faulty_disk.h"
#include "tests/daemon/route/live_harness.h"

namespace rebuf::daemon {
namespace {

TEST_CASE("a message refused among others is in the dead letters, also after a restart") {
  const test::TemporaryDirectory directory;
  {
    FakeSink sink;
    sink.refuse("bad");
    const auto route = open_route(live_settings(directory));
    route->start(sink);
    REQUIRE(in_state(*route, RouteState::direct));
    const Answer partial = offer(*route, {"good", "bad", "good"})->answer();
    CHECK(partial.code == AnswerCode::ok);
    CHECK(partial.delivered == 2);
    REQUIRE(partial.refused.size() == 1);
    CHECK(partial.refused[0].index == 1);
    CHECK(partial.refused[0].detail == "too large for the test");
    CHECK(route->snapshot().dead_letter_messages == 1);
    CHECK(offer(*route, {"bad"})->answer().code == AnswerCode::too_large);
    CHECK(route->snapshot().dead_letter_messages == 1);
    CHECK(conserved(route->snapshot()));
  }
  CHECK(open_route(live_settings(directory))->snapshot().dead_letter_messages == 1);
}

TEST_CASE("dead letters leave half of limits.keep_free, and the route waits there and says so") {
  const test::TemporaryDirectory directory;
  FaultyDisk disk;
  disk.free = 600;
  auto settings = live_settings(directory);
  DiskSpace space(directory.path(), 1000, disk);
  settings.disk = &space;
  FakeSink sink;
  sink.refuse("bad");
  const auto route = open_route(settings);
  route->start(sink);
  REQUIRE(in_state(*route, RouteState::direct));
  CHECK(offer(*route, {"good", "bad"})->answer().refused.size() == 1);
  CHECK(route->snapshot().dead_letter_messages == 1);
  disk.free = 400;
  const auto client = offer(*route, {"good", "bad"});
  CHECK(eventually(
      [&] { return route->snapshot().state_reason.find("keep_free") != std::string::npos; }));
  CHECK_FALSE(client->is_answered());
  disk.free = 2000;
  CHECK(client->answer().refused.size() == 1);
  CHECK(route->snapshot().dead_letter_messages == 2);
}

TEST_CASE("dead letters that cannot be read keep no message from its way") {
  const test::TemporaryDirectory directory;
  const auto dead = directory.path() / "route" / "dead";
  std::filesystem::create_directories(dead);
  std::ofstream(dead / "log") << "no directory";
  FakeSink sink;
  sink.refuse("bad");
  const auto route = open_route(live_settings(directory));
  route->start(sink);
  REQUIRE(in_state(*route, RouteState::direct));
  CHECK(offer(*route, {"first"})->answer().delivered == 1);
  // One that has to be set aside waits, and the route says why.
  const auto partial = offer(*route, {"second", "bad"});
  CHECK(eventually(
      [&] { return route->snapshot().state_reason.find("dead letters cannot be kept") == 0; }));
  std::filesystem::remove(dead / "log");
  CHECK(partial->answer().refused.size() == 1);
  CHECK(route->snapshot().dead_letter_messages == 1);
}

}  // namespace
}  // namespace rebuf::daemon
