#include "daemon/daemon.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "daemon/machine_id.h"
#include "daemon/version.h"

namespace rebuf::daemon {

Daemon::Daemon(const config::Config& config, const Logging& logging, DataDir data_dir)
    : config_(config),
      logging_(logging),
      data_dir_(std::move(data_dir)),
      budget_(config.limits.memory) {}

Result<std::unique_ptr<Daemon>> Daemon::start(const config::Config& config,
                                              const Logging& logging) {
  Result<DataDir> data_dir = DataDir::hold(config.data_dir);
  if (!data_dir) return data_dir.status();
  std::unique_ptr<Daemon> daemon(new Daemon(config, logging, std::move(*data_dir)));
  if (Status status = daemon->make_sinks(); !status.ok()) return status;
  if (Status status = daemon->open_routes(); !status.ok()) return status;
  if (Status status = daemon->listen(); !status.ok()) return status;
  return daemon;
}

Status Daemon::make_sinks() {
  for (const config::SinkConfig& settings : config_.sinks) {
    Result<RunningSink> sink = make_sink(settings, logging_);
    if (!sink) return sink.status();
    if (sink->embedded != nullptr)
      logging_.info(fmt::format("the embedded Kafka of sink {} is at {}", sink->name,
                                sink->embedded->embedded_bootstrap()));
    sinks_.push_back(std::move(*sink));
  }
  return {};
}

LiveRouteSettings Daemon::live_settings(const config::RouteConfig& route,
                                        const std::string& machine) {
  LiveRouteSettings settings;
  settings.route = route;
  settings.data_dir = data_dir_.path();
  settings.keep_free_bytes = config_.limits.keep_free;
  settings.sink_memory = config_.limits.memory / 2 / config_.routes.size();
  settings.memory = &budget_;
  settings.machine_id = machine;
  settings.built_at_ms = built_at_ms;
  if (const config::SinkConfig& sink = config_.sink(route.sink);
      sink.type == config::SinkType::http) {
    settings.probe_max = sink.http.health_interval;
    settings.probe_while_held = true;
    if (!sink.http.health_path.empty()) settings.probe_rested = sink.http.health_interval;
  }
  settings.logger = logging_.route_logger("route " + route.name);
  return settings;
}

Status Daemon::open_routes() {
  using Load = idempotency::KeyGate::Load;
  const std::string machine = machine_id();
  for (const config::RouteConfig& route : config_.routes) {
    LiveRouteSettings settings = live_settings(route, machine);
    sinks::Sink& sink = *sink_of(route).sink;
    Result<std::unique_ptr<LiveRoute>> opened = LiveRoute::open(settings);
    if (opened) {
      live_.push_back(opened->get());
      routes_.push_back(std::move(*opened));
      live_.back()->start(sink);
      keys_.push_back(make_keys(route, Load::now));
      continue;
    }
    if (opened.status().code() == Code::locked) return opened.status();
    logging_.error(
        fmt::format("route {} refuses everything: {}", route.name, opened.status().message()));
    keys_.push_back(make_keys(route, Load::later));
    auto unopened = std::make_unique<UnopenedRoute>(
        std::move(settings), opened.status(), [keys = keys_.back().get()] { keys->load(); },
        [&sink](LiveRoute& at_last) { at_last.start(sink); });
    unopened_.push_back(unopened.get());
    routes_.push_back(std::move(unopened));
  }
  return {};
}

std::unique_ptr<idempotency::KeyGate> Daemon::make_keys(const config::RouteConfig& route,
                                                        idempotency::KeyGate::Load load) {
  idempotency::KeyGateSettings settings;
  settings.dir = data_dir_.path() / route.name / "idempotency";
  settings.window = route.idempotency_window;
  settings.max_keys = route.idempotency_max_keys;
  settings.logger = logging_.route_logger("route " + route.name);
  return std::make_unique<idempotency::KeyGate>(std::move(settings), key_writer_, load);
}

RunningSink& Daemon::sink_of(const config::RouteConfig& route) {
  return *std::find_if(sinks_.begin(), sinks_.end(),
                       [&](const RunningSink& sink) { return sink.name == route.sink; });
}

Status Daemon::listen() {
  std::vector<Route*> routes;
  for (const auto& route : routes_) routes.push_back(route.get());
  std::vector<idempotency::KeyGate*> keys;
  for (const auto& gate : keys_) keys.push_back(gate.get());
  auto ingest =
      IngestServer::start(config_.http, routes, budget_, logging_.sinks_logger("ingest"), keys);
  if (!ingest) return ingest.status();
  ingest_ = std::move(*ingest);
  auto admin = AdminServer::start(config_.admin, sources());
  if (!admin) return admin.status();
  admin_ = std::move(*admin);
  logging_.info(fmt::format("takes messages on {}", fmt::join(sources().ingest_addresses, ", ")));
  logging_.info(
      fmt::format("status, metrics and health on {}", fmt::join(admin_->addresses(), ", ")));
  return {};
}

AdminSources Daemon::sources() const {
  AdminSources sources;
  sources.version = version;
  sources.data_dir = data_dir_.path().string();
  sources.started = started_;
  sources.started_at = started_at_;
  const std::vector<std::uint16_t> ports = ingest_->ports();
  for (std::size_t i = 0; i < config_.http.listen.size(); ++i) {
    config::Listen listen = config_.http.listen[i];
    if (!listen.is_unix()) listen.port = ports[i];
    sources.ingest_addresses.push_back(listen.text());
  }
  for (std::size_t i = 0; i < routes_.size(); ++i)
    sources.routes.push_back(
        {routes_[i].get(), &ingest_->counts(i), keys_[i].get(), routes_[i]->control()});
  for (const RunningSink& sink : sinks_) sources.sinks.push_back(sink.view());
  sources.unrouted = &ingest_->unrouted_counts();
  return sources;
}

bool Daemon::making_progress() const {
  return std::all_of(routes_.begin(), routes_.end(),
                     [](const auto& route) { return route->making_progress(); });
}

std::string Daemon::status_text() const {
  std::string text;
  for (const auto& route : routes_) {
    const RouteSnapshot now = route->snapshot();
    text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", now.name, to_string(now.state));
    if (now.backlog_messages > 0) text += fmt::format(" ({} messages wait)", now.backlog_messages);
  }
  return text;
}

void Daemon::begin_stop() {
  if (ingest_) ingest_->quiesce();
  for (UnopenedRoute* route : unopened_)
    if (LiveRoute* const opened = route->stop_trying()) live_.push_back(opened);
  unopened_.clear();
  for (LiveRoute* route : live_) route->begin_stop();
}

bool Daemon::quiet() const {
  return std::all_of(live_.begin(), live_.end(), [](LiveRoute* route) { return route->quiet(); });
}

void Daemon::finish_stop() {
  stopped_ = true;
  const auto now = std::chrono::steady_clock::now();
  std::vector<std::thread> stopping;
  for (LiveRoute* route : live_) stopping.emplace_back([route, now] { route->finish_stop(now); });
  for (std::thread& thread : stopping) thread.join();
  // All answers are given; now they are sent, and only then the connections end.
  if (ingest_) ingest_->stop();
}

Daemon::~Daemon() {
  // A start that failed half-way.
  if (!stopped_) {
    begin_stop();
    finish_stop();
  }
}

}  // namespace rebuf::daemon
