#include "daemon/ingest/ingest_server.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <thread>
#include <utility>

#include "daemon/ingest/connection_table.h"
#include "daemon/ingest/http_daemon.h"
#include "daemon/ingest/service.h"

namespace rebuf::daemon {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds memory_poll{5};  // while a request waits for memory
constexpr milliseconds linger_poll{100};
constexpr std::chrono::seconds sending_time{2};  // of the last answers

// Polled: the paths of messages take no lock for the sake of stopping.
template <class Condition>
void wait_until(Clock::time_point deadline, Condition condition) {
  while (!condition() && Clock::now() < deadline) ::poll(nullptr, 0, 1);
}

}  // namespace

struct IngestServer::Impl {
  Impl(const config::Http& http, const std::vector<Route*>& routes, MemoryBudget& budget,
       sinks::Logger log_in)
      : log(std::move(log_in)),
        service(http, routes, budget),
        table(http.request_timeout, http.idle_timeout),
        sweep_interval(
            std::clamp(http.request_timeout / 10, milliseconds(20), milliseconds(1000))) {}

  void run_timer();
  [[nodiscard]] milliseconds next_wait(bool memory_waits);

  const sinks::Logger log;
  ingest::Service service;
  ingest::ConnectionTable table;
  const milliseconds sweep_interval;
  std::vector<std::unique_ptr<ingest::HttpDaemon>> daemons;
  std::vector<std::uint16_t> ports;
  std::atomic<bool> timer_ends{false};
  std::thread timer;
};

milliseconds IngestServer::Impl::next_wait(bool memory_waits) {
  if (memory_waits) return memory_poll;
  if (!service.lingering.empty()) return std::min(linger_poll, sweep_interval);
  return service.connections > 0 ? sweep_interval : milliseconds(-1);
}

void IngestServer::Impl::run_timer() {
  Clock::time_point last_sweep = Clock::now();
  std::vector<pollfd> set;
  while (!timer_ends) {
    const bool memory_waits = service.gate.poll(Clock::now());
    set.assign(1, {service.waker.fd(), POLLIN, 0});
    service.lingering.append_to(set);
    ::poll(set.data(), set.size(), static_cast<int>(next_wait(memory_waits).count()));
    service.waker.clear();
    const Clock::time_point now = Clock::now();
    service.lingering.discard(now);
    if (now - last_sweep < sweep_interval) continue;
    table.sweep(now);
    last_sweep = now;
  }
}

Result<std::unique_ptr<IngestServer>> IngestServer::start(const config::Http& http,
                                                          const std::vector<Route*>& routes,
                                                          MemoryBudget& budget, sinks::Logger log) {
  auto impl = std::make_unique<Impl>(http, routes, budget, std::move(log));
  if (!impl->service.waker.valid()) return Status(Code::io, "eventfd", {}, errno);
  std::vector<ingest::Listener> listeners;
  for (const config::Listen& listen : http.listen) {
    Result<ingest::Listener> listener = ingest::Listener::open(listen);
    if (!listener) return listener.status();
    impl->ports.push_back(listener->port());
    listeners.push_back(std::move(*listener));
  }
  // Every address is ours before the first is served.
  auto server = std::make_unique<IngestServer>(std::move(impl));
  Impl& own = *server->impl_;
  own.timer = std::thread([&own] { own.run_timer(); });
  for (ingest::Listener& listener : listeners) {
    auto daemon = ingest::HttpDaemon::start(std::move(listener), own.service, own.table, own.log);
    if (!daemon) return daemon.status();
    own.daemons.push_back(std::move(*daemon));
  }
  return server;
}

IngestServer::IngestServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

IngestServer::~IngestServer() { stop(); }

void IngestServer::quiesce() {
  if (impl_->service.stopping.exchange(true)) return;
  for (const auto& daemon : impl_->daemons) daemon->quiesce();
  impl_->service.gate.stop();
}

void IngestServer::stop() {
  quiesce();
  ingest::Service& service = impl_->service;
  wait_until(Clock::time_point::max(), [&] { return service.held == 0; });
  wait_until(Clock::now() + sending_time, [&] { return service.requests == 0; });
  impl_->daemons.clear();
  impl_->timer_ends = true;
  service.waker.wake();
  if (impl_->timer.joinable()) impl_->timer.join();
}

const HttpCounts& IngestServer::counts(std::size_t route) const {
  return impl_->service.routes.entries().at(route).counts;
}
const HttpCounts& IngestServer::unrouted_counts() const { return impl_->service.routes.unrouted(); }
std::size_t IngestServer::open_connections() const { return impl_->service.connections; }
std::vector<std::uint16_t> IngestServer::ports() const { return impl_->ports; }

}  // namespace rebuf::daemon
