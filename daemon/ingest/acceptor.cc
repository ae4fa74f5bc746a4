#include "daemon/ingest/acceptor.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace rebuf::daemon::ingest {
namespace {

// Connections over max_connections that get a 503; those beyond are closed at once.
constexpr std::uint32_t surplus_connections = 64;
constexpr int at_once = 64;  // accepted per listener and round
constexpr std::chrono::milliseconds pause_without_resources{100};

ConnectionThread& thread_for_another(
    const std::vector<std::unique_ptr<ConnectionThread>>& threads) {
  const auto has_few = [](const auto& thread) { return thread->connections() < fill_first; };
  const auto first = std::ranges::find_if(threads, has_few);
  if (first != threads.end()) return **first;
  return **std::ranges::min_element(threads, {},
                                    [](const auto& thread) { return thread->connections(); });
}

std::vector<std::uint16_t> ports_of(const std::vector<Listener>& listeners) {
  std::vector<std::uint16_t> ports;
  ports.reserve(listeners.size());
  for (const Listener& listener : listeners) ports.push_back(listener.port());
  return ports;
}

bool lacks_resources(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

Acceptor::Acceptor(std::vector<Listener> listeners)
    : ports_(ports_of(listeners)), listeners_(std::move(listeners)) {}

void Acceptor::append_to(std::vector<pollfd>& set) {
  if (Clock::now() < paused_until_) return;
  const std::lock_guard lock(mutex_);
  for (const Listener& listener : listeners_)
    for (const sinks::Fd& socket : listener.sockets()) set.push_back({socket.get(), POLLIN, 0});
}

void Acceptor::accept_some(const std::vector<std::unique_ptr<ConnectionThread>>& threads,
                           Service& service, Clock::time_point now) {
  if (now < paused_until_) return;
  const std::lock_guard lock(mutex_);
  for (const Listener& listener : listeners_)
    for (const sinks::Fd& socket : listener.sockets()) accept_from(socket, threads, service, now);
}

void Acceptor::accept_from(const sinks::Fd& listening,
                           const std::vector<std::unique_ptr<ConnectionThread>>& threads,
                           Service& service, Clock::time_point now) {
  for (int i = 0; i < at_once; ++i) {
    sinks::Fd socket(::accept4(listening.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket.valid()) {
      if (lacks_resources(errno)) paused_until_ = now + pause_without_resources;
      if (errno == ECONNABORTED || errno == EINTR) continue;
      break;
    }
    if (service.connections < service.http.max_connections + surplus_connections)
      thread_for_another(threads).add(std::move(socket));
  }
}

void Acceptor::close() {
  const std::lock_guard lock(mutex_);
  listeners_.clear();
}

}  // namespace rebuf::daemon::ingest
