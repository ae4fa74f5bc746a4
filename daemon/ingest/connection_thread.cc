#include "daemon/ingest/connection_thread.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <exception>
#include <span>
#include <utility>

namespace rebuf::daemon::ingest {
namespace {

// At the end of the thread: when nothing comes for so long it is over, and at the latest.
constexpr int quiet_ms = 20;
constexpr std::chrono::seconds ending_time{1};
constexpr std::size_t events_at_once = 256;

}  // namespace

Result<std::unique_ptr<ConnectionThread>> ConnectionThread::start(Service& service,
                                                                  const sinks::Logger& log) {
  auto thread = std::make_unique<ConnectionThread>(service, log);
  if (!thread->start()) return Status(Code::io, "eventfd or epoll", {}, errno);
  return thread;
}

ConnectionThread::ConnectionThread(Service& service, const sinks::Logger& log)
    : parts_(service, log) {}

bool ConnectionThread::start() {
  parts_.epoll = sinks::Fd(::epoll_create1(EPOLL_CLOEXEC));
  if (!parts_.epoll.valid() || !parts_.mailbox.valid()) return false;
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = nullptr;  // the mailbox
  if (::epoll_ctl(parts_.epoll.get(), EPOLL_CTL_ADD, parts_.mailbox.fd(), &event) != 0)
    return false;
  parts_.now = last_sweep_ = Clock::now();
  thread_ = std::thread([this] { run(); });
  return true;
}

void ConnectionThread::end() {
  if (ends_) return;
  ends_by_ = Clock::now() + ending_time;
  ends_ = true;
  parts_.mailbox.wake();
}

ConnectionThread::~ConnectionThread() {
  end();
  if (thread_.joinable()) thread_.join();
}

void ConnectionThread::add(sinks::Fd socket) {
  ++count_;
  parts_.mailbox.put(std::move(socket));
}

void ConnectionThread::run() {
  std::array<epoll_event, events_at_once> events{};
  while (true) {
    const bool ends = ends_;
    const int wait = wait_ms(ends);
    const int ready = ::epoll_wait(parts_.epoll.get(), events.data(), events.size(), wait);
    const auto count = static_cast<std::size_t>(std::max(ready, 0));
    parts_.now = Clock::now();
    if (ends && ((ready == 0 && wait != 0) || parts_.now >= ends_by_)) break;
    // What came whole is offered when nothing else is there to be read.
    Round& round = parts_.round;
    if (!round.empty() && (ready <= 0 || !round.open(parts_.now))) round.offer();
    bool mail = false;
    for (const epoll_event& event : std::span(events).first(count)) {
      if (event.data.ptr == nullptr)
        mail = true;
      else
        serve(*static_cast<Connection*>(event.data.ptr), &Connection::on_ready);
    }
    // Behind the events, for it may end connections that have one.
    if (mail) serve_mailbox();
    if (parts_.now - last_sweep_ >= parts_.service.sweep_interval) sweep();
  }
  while (!connections_.empty()) close(*connections_.back());
}

int ConnectionThread::wait_ms(bool ends) const {
  if (!parts_.round.empty()) return 0;
  if (ends) return quiet_ms;
  return connections_.empty() ? -1 : static_cast<int>(parts_.service.sweep_interval.count());
}

void ConnectionThread::serve_mailbox() {
  parts_.mailbox.take(letters_);
  for (sinks::Fd& socket : letters_.sockets) open(std::move(socket));
  for (Connection* connection : letters_.resumed) {
    serve(*connection, &Connection::on_resumed);
    parts_.service.held.fetch_sub(1);
  }
}

void ConnectionThread::open(sinks::Fd socket) {
  Service& service = parts_.service;
  const std::uint32_t open = service.connections.fetch_add(1) + 1;
  try {
    connections_.push_back(std::make_unique<Connection>(parts_, std::move(socket),
                                                        open > service.http.max_connections));
    connections_.back()->place = connections_.size() - 1;
  } catch (const std::exception& error) {  // no memory
    parts_.log(sinks::LogLevel::error, error.what());
    --count_;
    service.connections.fetch_sub(1);
    return;
  }
  if (open == 1) service.waker.wake();  // it has deadlines to look after from now on
}

void ConnectionThread::close(Connection& connection) {
  const std::size_t place = connection.place;
  std::swap(connections_[place], connections_.back());
  connections_[place]->place = place;
  connections_.pop_back();
  --count_;
  parts_.service.connections.fetch_sub(1);
}

void ConnectionThread::sweep() {
  last_sweep_ = parts_.now;
  for (std::size_t i = connections_.size(); i > 0; --i)  // another one takes a closed one's place
    if (connections_[i - 1]->is_late(parts_.now)) close(*connections_[i - 1]);
}

void ConnectionThread::serve(Connection& connection, bool (Connection::*step)()) {
  bool goes_on = false;
  try {
    goes_on = (connection.*step)();
  } catch (const std::exception& error) {  // no memory
    parts_.log(sinks::LogLevel::error, error.what());
    goes_on = connection.on_failure();
  }
  if (!goes_on) close(connection);
}

}  // namespace rebuf::daemon::ingest
