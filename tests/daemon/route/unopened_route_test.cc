// A route that cannot be opened at first, on the real log.
#include "daemon/unopened_route.h"

#include <filesystem>
#include <fstream>
#include <functional>
#include <future>

#include "tests/daemon/route/fake_sink.h"
#include "tests/daemon/route/live_harness.h"

namespace rebuf::daemon {
namespace {

// A route whose directory is a file until mend(). It has `backlog` messages, and a sink that takes
// all.
struct Broken {
  explicit Broken(std::size_t backlog = 0) {
    sink.work(false);
    const auto before = open_route(settings);
    before->start(sink);
    for (std::size_t i = 0; i < backlog; ++i)
      REQUIRE(offer(*before, {std::to_string(i)})->answer().buffered == 1);
    before->finish_stop(Clock::now());
    sink.work(true);
    std::filesystem::rename(place, away);
    std::ofstream(place) << "no directory";
  }
  void make(std::function<void()> load) {
    const auto why = LiveRoute::open(settings);
    REQUIRE_FALSE(why.ok());
    route = std::make_unique<UnopenedRoute>(settings, why.status(), std::move(load),
                                            [this](LiveRoute& opened) { opened.start(sink); });
  }
  void mend() {
    std::filesystem::remove(place);
    std::filesystem::rename(away, place);
    route->resume();
  }
  [[nodiscard]] bool opens() const {
    return eventually([this] { return route->snapshot().state != RouteState::failed; });
  }

  const test::TemporaryDirectory directory;
  LiveRouteSettings settings = live_settings(directory);
  const std::filesystem::path place = directory.path() / settings.route.name;
  const std::filesystem::path away = directory.path() / "away";
  FakeSink sink;
  std::unique_ptr<UnopenedRoute> route;
};

}  // namespace

TEST_CASE("whoever asks a route is answered at once, while what lies beside its log is read") {
  Broken broken;
  std::promise<void> reads, asked;
  bool was_asked = false;
  broken.make([&] {
    reads.set_value();
    was_asked = asked.get_future().wait_for(patience / 10) == std::future_status::ready;
  });
  broken.mend();
  reads.get_future().wait();
  CHECK(offer(*broken.route, {"early"})->answer().code == AnswerCode::log_failed);
  CHECK_FALSE(broken.route->readiness().ready);
  CHECK(broken.route->snapshot().state == RouteState::failed);
  broken.route->pause();
  asked.set_value();
  CHECK(broken.opens());
  CHECK(was_asked);
  CHECK(broken.route->snapshot().state == RouteState::paused);
  CHECK(offer(*broken.route, {"late"})->answer().buffered == 1);
}

TEST_CASE("a catch-up that was asked for before the log was open holds once it is") {
  Broken broken(300);
  broken.settings.route.drain_max_rate = 1;  // a second: it would take five minutes
  broken.make([] {});
  broken.route->catch_up();
  broken.mend();
  CHECK(broken.opens());
  CHECK(eventually([&] { return broken.sink.taken_count() == 300; }));
}

TEST_CASE("a route that opens when rebufd is already stopping is closed in order") {
  Broken broken(5);
  std::promise<void> stopped;
  broken.make([&] {
    CHECK(broken.route->stop_trying() == nullptr);
    stopped.set_value();
  });
  broken.mend();
  stopped.get_future().wait();
  broken.route.reset();
  CHECK(broken.sink.taken_count() == 0);
  const auto next = open_route(broken.settings);
  CHECK(next->snapshot().lifetime_exact);
  CHECK(next->snapshot().backlog_messages == 5);
}

}  // namespace rebuf::daemon
