#include "daemon/daemon.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <set>
#include <utility>

#include "daemon/machine_id.h"
#include "daemon/version.h"

namespace rebuf::daemon {
namespace {

void nothing() {}

}  // namespace

Daemon::Daemon(const Logging& logging, ReloadControl& reload, DataDir data_dir,
               const config::Limits& limits)
    : logging_(logging),
      reload_(reload),
      data_dir_(std::move(data_dir)),
      disk_(data_dir_.path(), limits.keep_free),
      budget_(limits.memory),
      running_(make_running()) {}

Result<std::unique_ptr<Daemon>> Daemon::start(config::Config config, const Logging& logging,
                                              ReloadControl& reload) {
  Result<DataDir> data_dir = DataDir::hold(config.data_dir);
  if (!data_dir) return data_dir.status();
  std::unique_ptr<Daemon> daemon(new Daemon(logging, reload, std::move(*data_dir), config.limits));
  if (Status status = daemon->open(std::move(config)); !status.ok()) return status;
  if (Status status = daemon->listen(); !status.ok()) return status;
  return daemon;
}

Status Daemon::open(config::Config config) {
  const std::shared_ptr<Running> first = make_running();
  first->config = std::move(config);
  for (const config::SinkConfig& wanted : first->config.sinks) {
    auto sink = sink_for(wanted);
    if (!sink) return sink.status();
    first->sinks.push_back(std::move(*sink));
  }
  start_routes(*first, nothing);
  running_ = first;
  for (const auto& route : first->routes)
    if (route->trouble_at_start().code() == Code::locked) return route->trouble_at_start();
  look_for_orphans(*first, nothing);
  return {};
}

std::shared_ptr<Running> Daemon::make_running() {
  return {new Running, [this](Running* done) { disposal_.dispose([done] { delete done; }); }};
}

Status Daemon::listen() {
  const config::Config& config = running_->config;
  auto ingest =
      IngestServer::start(config.http, ingest_routes(), budget_, logging_.sinks_logger("ingest"));
  if (!ingest) return ingest.status();
  ingest_ = std::move(*ingest);
  auto admin = AdminServer::start(config.admin, sources());
  if (!admin) return admin.status();
  admin_ = std::move(*admin);
  logging_.info(fmt::format("takes messages on {}", fmt::join(sources().ingest_addresses, ", ")));
  logging_.info(
      fmt::format("status, metrics and health on {}", fmt::join(admin_->addresses(), ", ")));
  return {};
}

RouteSurroundings Daemon::surroundings() {
  return {logging_, data_dir_.path(), machine_id(), disk_, budget_, key_writer_};
}

void Daemon::look_for_orphans(Running& next, const std::function<void()>& meanwhile) const {
  std::set<std::string> routes;
  for (const config::RouteConfig& route : next.config.routes) routes.insert(route.name);
  next.orphans =
      find_orphans(data_dir_.path(), routes, logging_.route_logger("orphans"), meanwhile);
  for (const Orphan& orphan : next.orphans) logging_.warning(describe(orphan));
}

IngestRoutes Daemon::ingest_routes() const {
  IngestRoutes routes;
  routes.owner = running_;
  for (const auto& route : running_->routes)
    routes.routes.push_back({&route->route(), &route->counts(), &route->keys()});
  return routes;
}

AdminSources Daemon::sources() const {
  AdminSources sources;
  sources.version = version;
  sources.data_dir = data_dir_.path().string();
  sources.started = started_;
  sources.started_at = started_at_;
  sources.reload = &reload_;
  sources.owner = running_;
  sources.orphans = running_->orphans;
  const std::vector<config::Listen>& listens = running_->config.http.listen;
  const std::vector<std::uint16_t> ports = ingest_->ports();
  for (std::size_t i = 0; i < listens.size(); ++i) {
    config::Listen listen = listens[i];
    if (!listen.is_unix()) listen.port = ports[i];
    sources.ingest_addresses.push_back(listen.text());
  }
  for (const auto& route : running_->routes)
    sources.routes.push_back(
        {&route->route(), &route->counts(), &route->keys(), route->route().control()});
  for (const auto& sink : running_->sinks) sources.sinks.push_back(sink->view());
  sources.unrouted = &ingest_->unrouted_counts();
  return sources;
}

std::chrono::milliseconds Daemon::stop_timeout() const { return running_->config.stop_timeout; }

bool Daemon::making_progress() const {
  return std::ranges::all_of(running_->routes,
                             [](const auto& route) { return route->route().making_progress(); });
}

std::string Daemon::status_text() const {
  std::string text;
  for (const auto& route : running_->routes) {
    const RouteSnapshot now = route->route().snapshot();
    text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", now.name, to_string(now.state));
    if (now.backlog_messages > 0) text += fmt::format(" ({} messages wait)", now.backlog_messages);
  }
  return text;
}

void Daemon::begin_stop() {
  if (ingest_) ingest_->quiesce();
  for (const auto& route : running_->routes) route->begin_stop();
}

bool Daemon::quiet() const {
  return std::ranges::all_of(running_->routes, [](const auto& route) { return route->quiet(); });
}

void Daemon::finish_stop() {
  constexpr int moment_ms = 1;
  stopped_ = true;
  if (ingest_) ingest_->close_behind_answers();
  finish_all(running_->routes, [] { ::poll(nullptr, 0, moment_ms); });
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
