#include "harness.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace rebuf::daemon::admin_test {

FakeRoute::FakeRoute(const std::string& name) {
  config_.name = name;
  config_.path = "/ingest/" + name;
  config_.topic = name + "-topic";
  config_.sink = "main";
  now_.name = name;
  now_.sink = "main";
  now_.state = RouteState::direct;
  now_.since = std::chrono::system_clock::now();
  now_.capacity_bytes = 1U << 30;
  now_.sink_up = true;
}

void FakeRoute::set(const std::function<void(RouteSnapshot&)>& change) {
  const std::lock_guard lock(mutex_);
  change(now_);
}
void FakeRoute::set_ready(Readiness readiness) {
  const std::lock_guard lock(mutex_);
  ready_ = std::move(readiness);
}
void FakeRoute::set_progress(bool progress) {
  const std::lock_guard lock(mutex_);
  progress_ = progress;
}
void FakeRoute::set_after_snapshot(std::function<void(RouteSnapshot&)> change) {
  const std::lock_guard lock(mutex_);
  after_snapshot_ = std::move(change);
}
RouteSnapshot FakeRoute::snapshot() const {
  const std::lock_guard lock(mutex_);
  ++asked_;
  RouteSnapshot asked = now_;
  if (after_snapshot_) after_snapshot_(now_);
  return asked;
}
int FakeRoute::times_asked() const {
  const std::lock_guard lock(mutex_);
  return asked_;
}
Readiness FakeRoute::readiness() const {
  const std::lock_guard lock(mutex_);
  return ready_;
}
bool FakeRoute::making_progress() const {
  const std::lock_guard lock(mutex_);
  return progress_;
}

Result<std::uint64_t> FakeControl::purge(std::optional<SegmentId> through) {
  asked.push_back("purge" + (through ? " through " + std::to_string(*through) : ""));
  if (!refusal.ok()) return refusal;
  return std::uint64_t{7};
}

Result<RouteControl::Replayed> FakeControl::replay_dead_letters() {
  asked.emplace_back("replay");
  if (!refusal.ok()) return refusal;
  const std::uint64_t messages = std::min<std::uint64_t>(letters, 2);
  letters -= messages > 0 ? messages - 1 : 0;
  return Replayed{messages, messages > 0 ? 1U : 0U, letters};
}

Result<std::uint64_t> FakeControl::purge_dead_letters() {
  asked.emplace_back("purge letters");
  return letters;
}

sinks::SinkStats FakeKafka::stats() const {
  const std::lock_guard lock(mutex_);
  sinks::SinkStats stats;
  stats.up = up_;
  return stats;
}
bool FakeKafka::set_embedded_up(bool up) {
  const std::lock_guard lock(mutex_);
  up_ = up;
  return true;
}

void fill_with_outage(RouteSnapshot& now) {
  now.state = RouteState::buffering;
  now.state_reason = "all brokers are down";
  now.backlog_messages = 12345;
  now.backlog_bytes = 512U << 20;
  now.oldest_age_seconds = 3700;
  now.accept_rate = 1500;
  now.deliver_rate = 2.5;
  now.eta_seconds = 90;
  now.sink_up = false;
  now.last_error = "connection refused";
  now.lifetime.accepted = 7654321;
}

Harness::Harness() {
  config::Listen listen;
  listen.host = "127.0.0.1";
  admin.listen = {listen};
  admin.socket = (directory.path() / "admin.sock").string();
  sources.version = "1.2.3";
  sources.data_dir = directory.path().string();
  sources.ingest_addresses = {"127.0.0.1:8082"};
  sources.started = std::chrono::steady_clock::now();
  sources.started_at = std::chrono::system_clock::now();
  sources.routes = {{&route, &http, &keys, &control}};
  sources.sinks = {{"main", "embedded_kafka", &kafka, &sink_metrics, &kafka}};
  sources.unrouted = &unrouted;
}

void Harness::start() {
  auto started = AdminServer::start(admin, sources);
  REQUIRE_MESSAGE(started.ok(), started.status().message());
  server = std::move(*started);
}

httplib::Client Harness::tcp() const {
  httplib::Client client("127.0.0.1", server->ports().front());
  client.set_read_timeout(patience);
  return client;
}

httplib::Client Harness::unix_socket() const {
  httplib::Client client(admin.socket);
  client.set_address_family(AF_UNIX);
  client.set_read_timeout(patience);
  client.set_default_headers({{"Host", "localhost"}});
  return client;
}

std::string Harness::url(const std::string& path) const {
  return "http://127.0.0.1:" + std::to_string(server->ports().front()) + path;
}

}  // namespace rebuf::daemon::admin_test
