#include "daemon/ingest/ingest_server.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <thread>
#include <utility>

#include "daemon/ingest/acceptor.h"
#include "daemon/ingest/connection_thread.h"
#include "daemon/ingest/service.h"

namespace rebuf::daemon {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds memory_poll{5};  // while a request waits for memory
constexpr milliseconds short_poll{100};
constexpr std::chrono::seconds sending_time{2};  // of the last answers

// Polled: the paths of messages take no lock for the sake of stopping.
template <class Condition>
void wait_until(Clock::time_point deadline, Condition condition) {
  while (!condition() && Clock::now() < deadline) ::poll(nullptr, 0, 1);
}

}  // namespace

struct IngestServer::Impl {
  Impl(const config::Http& http, IngestRoutes routes, MemoryBudget& budget, sinks::Logger log_in,
       std::vector<ingest::Listener> listeners)
      : log(std::move(log_in)),
        service(http, std::move(routes), budget),
        acceptor(std::move(listeners)) {}

  void run_thread();
  [[nodiscard]] milliseconds next_wait(bool memory_waits);

  const sinks::Logger log;
  ingest::Service service;
  ingest::Acceptor acceptor;
  std::vector<std::unique_ptr<ingest::ConnectionThread>> threads;
  std::atomic<bool> ends{false};
  std::thread thread;  // the server's own
};

milliseconds IngestServer::Impl::next_wait(bool memory_waits) {
  if (memory_waits) return memory_poll;
  if (!service.lingering.empty() || Clock::now() < acceptor.paused_until())
    return std::min(short_poll, service.sweep_interval);
  return service.connections > 0 ? service.sweep_interval : milliseconds(-1);
}

void IngestServer::Impl::run_thread() {
  Clock::time_point last_sweep = Clock::now();
  std::vector<pollfd> set;
  while (!ends) {
    const bool memory_waits = service.gate.poll(Clock::now());
    set.assign(1, {service.waker.fd(), POLLIN, 0});
    acceptor.append_to(set);
    service.lingering.append_to(set);
    ::poll(set.data(), set.size(), static_cast<int>(next_wait(memory_waits).count()));
    service.waker.clear();
    const Clock::time_point now = Clock::now();
    acceptor.accept_some(threads, service, now);
    service.lingering.discard(now);
    if (now - last_sweep < service.sweep_interval) continue;
    service.routes.now()->expire_clients(now);
    last_sweep = now;
  }
}

Result<std::unique_ptr<IngestServer>> IngestServer::start(const config::Http& http,
                                                          IngestRoutes routes, MemoryBudget& budget,
                                                          sinks::Logger log) {
  std::vector<ingest::Listener> listeners;
  for (const config::Listen& listen : http.listen) {
    Result<ingest::Listener> listener = ingest::Listener::open(listen);
    if (!listener) return listener.status();
    listeners.push_back(std::move(*listener));
  }
  auto impl =
      std::make_unique<Impl>(http, std::move(routes), budget, std::move(log), std::move(listeners));
  if (!impl->service.waker.valid()) return Status(Code::io, "eventfd", {}, errno);
  for (std::uint32_t i = 0; i < std::max(http.threads, 1U); ++i) {
    auto thread = ingest::ConnectionThread::start(impl->service, impl->log);
    if (!thread) return thread.status();
    impl->threads.push_back(std::move(*thread));
  }
  impl->thread = std::thread([&own = *impl] { own.run_thread(); });
  return std::make_unique<IngestServer>(std::move(impl));
}

IngestServer::IngestServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

IngestServer::~IngestServer() { stop(); }

void IngestServer::serve(IngestRoutes routes) {
  impl_->service.routes.replace(ingest::RouteTable(std::move(routes)));
}

void IngestServer::quiesce() {
  if (impl_->service.stopping.exchange(true)) return;
  impl_->acceptor.close();
  impl_->service.gate.stop();
}

void IngestServer::close_behind_answers() { impl_->service.closing = true; }

void IngestServer::stop() {
  ingest::Service& service = impl_->service;
  close_behind_answers();
  quiesce();
  wait_until(Clock::time_point::max(), [&] { return service.held == 0; });
  wait_until(Clock::now() + sending_time, [&] { return service.requests == 0; });
  impl_->ends = true;
  service.waker.wake();
  if (impl_->thread.joinable()) impl_->thread.join();
  for (const auto& thread : impl_->threads) thread->end();  // all at the same time
  impl_->threads.clear();
}

const HttpCounts& IngestServer::unrouted_counts() const { return impl_->service.unrouted; }
std::size_t IngestServer::open_connections() const { return impl_->service.connections; }
std::vector<std::uint16_t> IngestServer::ports() const { return impl_->acceptor.ports(); }

}  // namespace rebuf::daemon
