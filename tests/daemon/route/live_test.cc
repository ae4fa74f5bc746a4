// The live route: real log, real threads, a fake sink or the file sink.
#include <atomic>
#include <fstream>
#include <set>

#include "sinks/file/file_sink.h"
#include "tests/daemon/route/fake_sink.h"
#include "tests/daemon/route/faulty_disk.h"
#include "tests/daemon/route/live_harness.h"

namespace rebuf::daemon {
namespace {

std::string value(std::size_t number) { return "message " + std::to_string(number); }

std::uint64_t bytes_in(const std::filesystem::path& log) {
  std::uint64_t bytes = 0;
  for (const auto& file : std::filesystem::directory_iterator(log))
    if (std::error_code gone; file.path().filename() != "rebuf.tmp")
      if (const auto size = file.file_size(gone); !gone) bytes += size;
  return bytes;
}

}  // namespace

TEST_CASE("outage, spill, drain, direct again: everything in order, and the segments are purged") {
  const test::TemporaryDirectory directory;
  FakeSink sink;
  const auto route = open_route(live_settings(directory));
  route->start(sink);
  REQUIRE(in_state(*route, RouteState::direct));
  std::size_t next = 0;
  CHECK(offer(*route, {value(next++)})->answer().delivered == 1);

  sink.work(false);
  std::vector<std::shared_ptr<WaitingClient>> clients;
  for (; next < 50;) clients.push_back(offer(*route, {value(next++)}));
  sink.say(false);
  for (const auto& client : clients) CHECK(client->answer().buffered == 1);
  CHECK(in_state(*route, RouteState::buffering));
  clients.clear();
  for (; next < 5000; next += 10) {
    std::vector<std::string> batch;
    for (std::size_t i = 0; i < 10; ++i) batch.push_back(value(next + i));
    clients.push_back(offer(*route, batch));
  }
  for (const auto& client : clients) {
    const Answer answer = client->answer();
    CHECK(answer.buffered == 10);
    CHECK(answer.durable);
  }
  CHECK(route->snapshot().backlog_messages == next - 1);
  CHECK(bytes_in(directory.path() / "route" / "log") > 0);

  sink.work(true);
  CHECK(eventually([&] { return sink.taken_count() == next; }));
  CHECK(in_state(*route, RouteState::direct));
  CHECK(eventually([&] { return bytes_in(directory.path() / "route" / "log") == 0; }));
  const auto taken = sink.taken();
  for (std::size_t i = 0; i < next; ++i) REQUIRE(taken[i] == value(i));
  CHECK(offer(*route, {value(next)})->answer().delivered == 1);
  const RouteSnapshot end = route->snapshot();
  CHECK(conserved(end));
  CHECK(end.backlog_messages == 0);
  CHECK(end.totals.delivered() == next + 1);
}

TEST_CASE("a restart with a backlog delivers all of it once, and lifetime totals go on") {
  const test::TemporaryDirectory directory;
  {
    FakeSink sink;
    sink.work(false);
    const auto route = open_route(live_settings(directory));
    route->start(sink);
    for (std::size_t i = 0; i < 100; ++i) CHECK(offer(*route, {value(i)})->answer().buffered == 1);
    route->finish_stop(Clock::now());
    CHECK(sink.taken_count() == 0);
  }
  FakeSink sink;
  auto route = open_route(live_settings(directory));
  const RouteSnapshot start = route->snapshot();
  CHECK(start.totals.recovered == 100);
  CHECK(start.backlog_messages == 100);
  CHECK(start.lifetime.accepted == 100);
  CHECK(start.lifetime.recovered == 0);
  CHECK(start.lifetime_exact);
  CHECK(conserved(start));
  route->start(sink);
  CHECK(eventually([&] { return sink.taken_count() == 100; }));
  CHECK(sink.replayed_count() == 100);
  CHECK(in_state(*route, RouteState::direct));
  CHECK(conserved(route->snapshot()));
  route->finish_stop(Clock::now() + std::chrono::seconds(1));
  route.reset();
  const auto after = open_route(live_settings(directory));
  CHECK(after->snapshot().backlog_messages == 0);
  CHECK(after->snapshot().lifetime.delivered() == 100);
}

TEST_CASE("an orderly stop with messages in the sink keeps them, answers them, repeats nothing") {
  const test::TemporaryDirectory directory;
  std::vector<std::shared_ptr<WaitingClient>> clients;
  {
    FakeSink sink;
    const auto route = open_route(live_settings(directory));
    route->start(sink);
    REQUIRE(in_state(*route, RouteState::direct));
    CHECK(offer(*route, {value(0)})->answer().delivered == 1);
    sink.work(false);
    for (std::size_t i = 1; i <= 20; ++i) clients.push_back(offer(*route, {value(i)}));
    route->begin_stop();
    CHECK(offer(*route, {"late"})->answer().code == AnswerCode::stopping);
    CHECK_FALSE(route->quiet());
    route->finish_stop(Clock::now());
  }
  for (const auto& client : clients) CHECK(client->answer().buffered == 1);
  FakeSink sink;
  const auto route = open_route(live_settings(directory));
  CHECK(route->snapshot().totals.recovered == 20);
  route->start(sink);
  CHECK(eventually([&] { return sink.taken_count() == 20; }));
  const auto taken = sink.taken();
  for (std::size_t i = 0; i < 20; ++i) CHECK(taken[i] == value(i + 1));
}

TEST_CASE("an orderly stop waits for a sink that works and leaves no backlog") {
  const test::TemporaryDirectory directory;
  FakeSink sink;
  const auto route = open_route(live_settings(directory));
  route->start(sink);
  REQUIRE(in_state(*route, RouteState::direct));
  std::vector<std::shared_ptr<WaitingClient>> clients;
  for (std::size_t i = 0; i < 1000; ++i) clients.push_back(offer(*route, {value(i)}));
  route->finish_stop(Clock::now() + patience);
  for (const auto& client : clients) CHECK(client->answer().delivered == 1);
  CHECK(route->snapshot().backlog_messages == 0);
  CHECK(sink.taken_count() == 1000);
}

TEST_CASE("a give-back in the middle loses nothing, repeats nothing, keeps the order") {
  const test::TemporaryDirectory directory;
  FakeSink sink;
  const auto route = open_route(live_settings(directory));
  route->start(sink);
  REQUIRE(in_state(*route, RouteState::direct));
  std::size_t next = 0;
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 100; ++i) offer(*route, {value(next++)});
    sink.work(false);
    for (int i = 0; i < 100; ++i) offer(*route, {value(next++)});
    sink.give_back();
    sink.work(true);
    REQUIRE(eventually([&] { return sink.taken_count() == next; }));
  }
  const auto taken = sink.taken();
  for (std::size_t i = 0; i < next; ++i) REQUIRE(taken[i] == value(i));
  CHECK(conserved(route->snapshot()));
}

TEST_CASE("a log whose sync fails is opened again, and nothing that was answered is lost") {
  const test::TemporaryDirectory directory;
  FaultyDisk disk;
  FakeSink sink;
  sink.work(false);
  auto settings = live_settings(directory);
  settings.file_system = &disk;
  const auto route = open_route(settings);
  route->start(sink);
  CHECK(offer(*route, {value(0)})->answer().buffered == 1);
  disk.fail_next_sync = true;
  CHECK(offer(*route, {"perhaps"})->answer().code == AnswerCode::outcome_unknown);
  CHECK(in_state(*route, RouteState::buffering));  // it was `failed` in between
  CHECK(offer(*route, {value(1)})->answer().buffered == 1);
  sink.work(true);
  CHECK(in_state(*route, RouteState::direct));
  CHECK(eventually([&] { return route->snapshot().backlog_messages == 0; }));
  auto taken = sink.taken();
  std::erase(taken, "perhaps");
  CHECK(taken == std::vector{value(0), value(1)});
  CHECK(conserved(route->snapshot()));
}

TEST_CASE("a second route on one directory is refused: it is locked") {
  const test::TemporaryDirectory directory;
  const auto first = open_route(live_settings(directory));
  const auto second = LiveRoute::open(live_settings(directory));
  REQUIRE_FALSE(second.ok());
  CHECK(second.status().code() == Code::locked);
}

TEST_CASE("behind entries of a Go writer restarts repeat nothing") {
  const test::TemporaryDirectory directory;
  const auto dir = directory.path() / "route";
  std::filesystem::create_directory(dir);
  Options options;
  options.state_dir = directory.path() / "state";
  auto log = Log::open(dir / "log", options);
  REQUIRE(log.ok());
  std::vector<std::string> all;
  for (int i = 0; i < 5; ++i) {
    all.push_back("of Go " + std::to_string(i));
    REQUIRE((*log)->write(std::as_bytes(std::span(all.back()))).ok());
  }
  log->reset();

  FakeSink sink;
  sink.work(false);
  const auto run = [&](auto&& while_it_runs) {
    const auto route = open_route(live_settings(directory));
    route->start(sink);
    while_it_runs(*route);
    route->finish_stop(Clock::now());
  };
  run([&](LiveRoute& route) {
    for (std::size_t i = 0; i < 3; ++i) {
      all.push_back(value(i));
      CHECK(offer(route, {value(i)})->answer().buffered == 1);
    }
  });
  run([](LiveRoute& /*route*/) {});
  sink.work(true);
  sink.stop_after(7);
  run([&](LiveRoute& /*route*/) { CHECK(eventually([&] { return sink.taken_count() == 7; })); });
  sink.work(true);
  run([&](LiveRoute& route) {
    CHECK(in_state(route, RouteState::direct));
    CHECK(conserved(route.snapshot()));
  });
  CHECK(sink.taken() == all);
}

TEST_CASE("a killed process' directory: what was answered is delivered by the next") {
  const test::TemporaryDirectory directory;
  const test::TemporaryDirectory copy;
  FakeSink never;
  never.work(false);
  const auto route = open_route(live_settings(directory));
  route->start(never);
  for (std::size_t i = 0; i < 50; ++i) CHECK(offer(*route, {value(i)})->answer().buffered == 1);
  // As a kill would leave it: copied while the route still runs.
  std::filesystem::copy(directory.path(), copy.path(), std::filesystem::copy_options::recursive);
  FakeSink sink;
  const auto next = open_route(live_settings(copy));
  CHECK_FALSE(next->snapshot().lifetime_exact);
  next->start(sink);
  CHECK(eventually([&] { return sink.taken_count() == 50; }));
  CHECK(conserved(next->snapshot()));
}

TEST_CASE("the counters add up at every moment under load from several threads and a sick sink") {
  const test::TemporaryDirectory directory;
  FakeSink sink;
  auto settings = live_settings(directory);
  settings.route.spill_after = std::chrono::milliseconds(300);
  const auto route = open_route(settings);
  route->start(sink);
  constexpr std::size_t clients = 4;
  constexpr std::size_t requests = 300;
  std::atomic<std::size_t> answered{0};
  std::vector<std::thread> threads;
  for (std::size_t c = 0; c < clients; ++c)
    threads.emplace_back([&, c] {
      for (std::size_t i = 0; i < requests; ++i) {
        const std::string name = std::to_string(c) + "/" + std::to_string(i);
        if (offer(*route, {name + "a", name + "b"})->answer().code == AnswerCode::ok) ++answered;
        if (c == 0 && i % 30 == 10) sink.work(false);
        if (c == 0 && i % 30 == 20) sink.work(true);
        if (c == 1 && i % 50 == 25) sink.give_back();
        if (c == 2 && i % 40 == 5) sink.say(false);
      }
    });
  bool all_conserved = true;
  while (answered < clients * requests && all_conserved) {
    all_conserved = conserved(route->snapshot());
    if (answered > 0 && route->readiness().ready) sink.work(true);
  }
  for (auto& thread : threads) thread.join();
  CHECK(all_conserved);
  sink.work(true);
  CHECK(eventually([&] { return sink.taken_count() == clients * requests * 2; }));
  CHECK(in_state(*route, RouteState::direct));
  CHECK(eventually([&] { return route->snapshot().backlog_messages == 0; }));
  CHECK(conserved(route->snapshot()));
  std::vector<int> last(clients, -1);
  for (const std::string& taken : sink.taken()) {
    const auto client = static_cast<std::size_t>(taken[0] - '0');
    const int number = std::stoi(taken.substr(2)) * 2 + (taken.back() == 'b' ? 1 : 0);
    REQUIRE(number > last[client]);
    last[client] = number;
  }
}

TEST_CASE("no id is used twice: over restarts, and by copies of the directory here and elsewhere") {
  const test::TemporaryDirectory directory;
  const test::TemporaryDirectory copy_here;
  const test::TemporaryDirectory copy_there;
  std::set<sinks::MessageId> ids;
  std::size_t messages = 0;
  const auto use = [&](const test::TemporaryDirectory& where, const std::string& machine) {
    FakeSink sink;
    sink.work(false);
    LiveRouteSettings settings = live_settings(where);
    settings.machine_id = machine;
    const auto route = open_route(std::move(settings));
    route->start(sink);
    for (int i = 0; i < 20; ++i) {
      const Answer answer = offer(*route, {value(messages)})->answer();
      REQUIRE(answer.buffered == 1);
      ids.insert(answer.first_id);
      ++messages;
    }
  };
  use(directory, "machine");
  use(directory, "machine");
  for (const auto* copy : {&copy_here, &copy_there})
    std::filesystem::copy(directory.path(), copy->path(), std::filesystem::copy_options::recursive);
  use(directory, "machine");
  use(copy_here, "machine");
  use(copy_there, "another machine");
  CHECK(ids.size() == messages);
}

TEST_CASE("with the file sink: lines in the file, in order, and none twice") {
  const test::TemporaryDirectory directory;
  const auto path = directory.path() / "out.ndjson";
  const auto sink = sinks::make_file_sink({"files", path.string()}, {}, {});
  {
    const auto route = open_route(live_settings(directory));
    route->start(*sink);
    REQUIRE(in_state(*route, RouteState::direct));
    std::vector<std::shared_ptr<WaitingClient>> clients;
    for (std::size_t i = 0; i < 500; ++i) clients.push_back(offer(*route, {value(i)}));
    for (const auto& client : clients) CHECK(client->answer().code == AnswerCode::ok);
    route->finish_stop(Clock::now() + patience);
  }
  std::ifstream file(path);
  std::string line;
  std::size_t lines = 0;
  for (; std::getline(file, line); ++lines) REQUIRE(line == value(lines));
  CHECK(lines == 500);
}

}  // namespace rebuf::daemon
