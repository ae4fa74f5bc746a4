#include "daemon/running_route.h"

#include <fmt/format.h>

#include <utility>

#include "daemon/side_by_side.h"
#include "daemon/version.h"

namespace rebuf::daemon {
namespace {

LiveRouteSettings live_settings(const RouteSurroundings& around, const config::RouteConfig& route,
                                const config::SinkConfig& sink, std::uint64_t sink_memory) {
  LiveRouteSettings settings;
  settings.route = route;
  settings.data_dir = around.data_dir;
  settings.disk = &around.disk;
  settings.sink_memory = sink_memory;
  settings.memory = &around.memory;
  settings.machine_id = around.machine_id;
  settings.built_at_ms = built_at_ms;
  if (sink.type == config::SinkType::http) {
    settings.probe_max = sink.http.health_interval;
    settings.probe_while_held = true;
    if (!sink.http.health_path.empty()) settings.probe_rested = sink.http.health_interval;
  }
  settings.logger = around.logging.route_logger("route " + route.name);
  return settings;
}

}  // namespace

RunningRoute::RunningRoute(std::shared_ptr<RunningSink> sink, const RunningRoute* before)
    : sink_(std::move(sink)),
      counts_(before != nullptr ? before->counts_ : std::make_shared<HttpCounts>()) {}

std::shared_ptr<RunningRoute> RunningRoute::start(const RouteSurroundings& around,
                                                  const config::RouteConfig& config,
                                                  std::shared_ptr<RunningSink> sink,
                                                  std::uint64_t sink_memory,
                                                  const RunningRoute* before) {
  LiveRouteSettings settings = live_settings(around, config, sink->settings, sink_memory);
  std::shared_ptr<RunningRoute> running(new RunningRoute(std::move(sink), before));
  running->take_keys(around, config, before);
  running->begins_paused_ = before != nullptr && before->paused();
  running->open(std::move(settings));
  if (const Status& trouble = running->trouble_at_start_; !trouble.ok())
    around.logging.error(
        fmt::format("route {} refuses everything: {}", config.name, trouble.message()));
  return running;
}

// The gate that has the keys in memory stays, unless they are to be kept otherwise from now on.
void RunningRoute::take_keys(const RouteSurroundings& around, const config::RouteConfig& config,
                             const RunningRoute* before) {
  if (before != nullptr) {
    keys_loaded_ = before->live_ != nullptr &&
                   before->config().idempotency_window == config.idempotency_window &&
                   before->config().idempotency_max_keys == config.idempotency_max_keys;
    if (keys_loaded_) {
      keys_ = before->keys_;
      return;
    }
    before->keys_->close();
  }
  idempotency::KeyGateSettings settings;
  settings.dir = around.data_dir / config.name / "idempotency";
  settings.window = config.idempotency_window;
  settings.max_keys = config.idempotency_max_keys;
  settings.logger = around.logging.route_logger("route " + config.name);
  keys_ = std::make_shared<idempotency::KeyGate>(std::move(settings), around.key_writer,
                                                 idempotency::KeyGate::Load::later);
}

void RunningRoute::open(LiveRouteSettings settings) {
  const auto load_keys = [this] {
    if (!std::exchange(keys_loaded_, true)) keys_->load();
  };
  Result<std::unique_ptr<LiveRoute>> opened = LiveRoute::open(settings);
  if (opened) {
    live_ = opened->get();
    route_ = std::move(*opened);
    load_keys();
    if (begins_paused_) live_->pause();
    live_->start(*sink_->sink);
    return;
  }
  trouble_at_start_ = opened.status();
  auto unopened =
      std::make_unique<UnopenedRoute>(std::move(settings), opened.status(), load_keys,
                                      [this](LiveRoute& at_last) { at_last.start(*sink_->sink); });
  if (begins_paused_) unopened->pause();
  unopened_ = unopened.get();
  route_ = std::move(unopened);
}

bool RunningRoute::paused() const {
  return unopened_ != nullptr ? unopened_->paused() : live_->paused();
}

void RunningRoute::heed_late(const RunningRoute& before) {
  const bool pauses = before.paused();
  if (pauses == begins_paused_) return;
  if (pauses)
    route_->control()->pause();
  else
    route_->control()->resume();
}

void RunningRoute::share_memory(std::uint64_t bytes) {
  if (unopened_ != nullptr)
    unopened_->share_memory(bytes);
  else
    live_->share_memory(bytes);
}

void RunningRoute::begin_stop() {
  if (unopened_ != nullptr) live_ = unopened_->stop_trying();
  if (live_ != nullptr) live_->begin_stop();
}

bool RunningRoute::quiet() const { return live_ == nullptr || live_->quiet(); }

void RunningRoute::finish_stop() {
  if (unopened_ != nullptr) unopened_->join();
  if (live_ != nullptr) live_->finish_stop(Clock::now());
}

void finish_all(const RunningRoutes& routes, const std::function<void()>& meanwhile) {
  const auto finish = [&](std::size_t index) { routes[index]->finish_stop(); };
  side_by_side(routes.size(), routes.size(), finish, meanwhile);
}

}  // namespace rebuf::daemon
