// The live route on a disk with bad sectors. What cannot be read is waited for (30 s, so here it is
// mended instead), and nothing else stops for it.
#include "tests/daemon/route/fake_sink.h"
#include "tests/daemon/route/faulty_disk.h"
#include "tests/daemon/route/live_harness.h"

namespace rebuf::daemon {
namespace {

constexpr std::size_t messages = 300;

// 1 KiB each: about 60 in a segment.
std::string value(std::size_t number) {
  std::string value = "message " + std::to_string(number) + " ";
  value.resize(1024, '.');
  return value;
}

// The backlog of a process whose sink never worked.
void leave_backlog(const test::TemporaryDirectory& directory) {
  FakeSink sink;
  sink.work(false);
  const auto route = open_route(live_settings(directory));
  route->start(sink);
  for (std::size_t i = 0; i < messages; ++i)
    CHECK(offer(*route, {value(i)})->answer().buffered == 1);
  route->finish_stop(Clock::now());
}

void check_all_come(const FakeSink& sink, std::size_t count) {
  CHECK(eventually([&] { return sink.taken_count() >= count; }));
  const auto taken = sink.taken();
  REQUIRE(taken.size() == count);
  for (std::size_t i = 0; i < count; ++i) REQUIRE(taken[i] == value(i));
}

}  // namespace

TEST_CASE(
    "a bad sector where the backlog begins: the route starts, takes messages, knows its count") {
  const test::TemporaryDirectory directory;
  leave_backlog(directory);
  FaultyDisk disk;
  disk.spoil({"rebuf-0"});
  auto settings = live_settings(directory);
  settings.file_system = &disk;
  FakeSink sink;
  const auto route = open_route(settings);
  CHECK(route->snapshot().backlog_messages == messages);
  route->start(sink);
  CHECK(route->readiness().ready);
  CHECK(offer(*route, {value(messages)})->answer().buffered == 1);
  CHECK(in_state(*route, RouteState::draining));
  CHECK(sink.taken_count() == 0);
  disk.spoil({});
  check_all_come(sink, messages + 1);
  CHECK(in_state(*route, RouteState::direct));
  CHECK(conserved(route->snapshot()));
}

TEST_CASE("drop_oldest: a bad sector in the next segment does not keep the oldest from going") {
  const test::TemporaryDirectory directory;
  FaultyDisk disk;
  disk.spoil({"rebuf-1"});
  auto settings = live_settings(directory);
  settings.file_system = &disk;
  settings.route.buffer.on_full = config::OnFull::drop_oldest;
  settings.route.buffer.max_bytes = 256 << 10;
  settings.route.window_max_bytes = 64 << 10;
  FakeSink sink;
  sink.work(false);
  const auto route = open_route(settings);
  route->start(sink);
  for (std::size_t i = 0; i < messages; ++i)
    CHECK(offer(*route, {value(i)})->answer().buffered == 1);
  CHECK(conserved(route->snapshot()));
  CHECK(route->snapshot().backlog_messages < messages);
  sink.work(true);
  CHECK(in_state(*route, RouteState::direct));
  CHECK(eventually([&] { return route->snapshot().backlog_messages == 0; }));
  const auto taken = sink.taken();
  REQUIRE_FALSE(taken.empty());
  CHECK(taken.back() == value(messages - 1));
  CHECK(conserved(route->snapshot()));
}

TEST_CASE("a bad sector where the log ends: no number that may stand there is given again") {
  const test::TemporaryDirectory directory;
  leave_backlog(directory);
  const auto log = directory.path() / "route" / "log";
  std::size_t last = 0;
  while (std::filesystem::exists(log / ("rebuf-" + std::to_string(last)))) ++last;
  // As a writer leaves it that was killed between completing one segment and beginning the next.
  std::filesystem::rename(log / "rebuf.tmp", log / ("rebuf-" + std::to_string(last)));
  FaultyDisk disk;
  disk.spoil({"rebuf-" + std::to_string(last)});
  auto settings = live_settings(directory);
  settings.file_system = &disk;
  FakeSink sink;
  sink.work(false);
  const auto route = open_route(settings);
  CHECK(route->snapshot().backlog_messages >= messages);
  route->start(sink);
  CHECK(offer(*route, {value(messages)})->answer().buffered == 1);
  disk.spoil({});
  sink.work(true);
  check_all_come(sink, messages + 1);
  CHECK(in_state(*route, RouteState::direct));
  CHECK(conserved(route->snapshot()));
}

}  // namespace rebuf::daemon
