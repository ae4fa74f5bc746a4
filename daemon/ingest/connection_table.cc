#include "daemon/ingest/connection_table.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>

namespace rebuf::daemon::ingest {
namespace {

// After the deadline an answer (503 outcome_unknown) has this long to be sent.
constexpr std::chrono::seconds sending_time{2};

// That ever came on a TCP connection; 0 for a Unix socket.
std::uint64_t bytes_received(int fd) {
  tcp_info info{};
  socklen_t length = sizeof info;
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return 0;
  return info.tcpi_bytes_received;
}

}  // namespace

void ConnectionTable::add(Connection& connection) {
  const std::lock_guard lock(mutex_);
  connection.watch.place = connections_.size();
  connections_.push_back(&connection);
}

void ConnectionTable::remove(Connection& connection) {
  const std::lock_guard lock(mutex_);
  const std::size_t place = connection.watch.place;
  connections_[place] = connections_.back();
  connections_[place]->watch.place = place;
  connections_.pop_back();
}

std::size_t ConnectionTable::size() {
  const std::lock_guard lock(mutex_);
  return connections_.size();
}

// The lock keeps the descriptors from being closed, and used anew, meanwhile.
void ConnectionTable::sweep(Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  for (Connection* connection : connections_)
    if (is_late(*connection, now)) ::shutdown(connection->fd(), SHUT_RDWR);
}

bool ConnectionTable::is_late(Connection& connection, Clock::time_point now) const {
  Watch& watch = connection.watch;
  const Clock::time_point started{Clock::duration(watch.started.load())};
  switch (watch.stage.load()) {
    case Watch::Stage::idle:
      return idle_is_late(connection, now);
    case Watch::Stage::receiving:
      return now > started + request_timeout_;
    case Watch::Stage::answering:
      return now > started + request_timeout_ + sending_time;
    case Watch::Stage::held:  // the route answers by the deadline
      break;
  }
  return false;
}

// libmicrohttpd tells of a request when its first line is whole; that its first byte has come is
// seen in the kernel's count. A Unix socket has none: there a request line has idle_timeout more.
bool ConnectionTable::idle_is_late(Connection& connection, Clock::time_point now) const {
  Watch& watch = connection.watch;
  const std::uint64_t served = watch.served.load();
  const std::uint64_t bytes = bytes_received(connection.fd());
  if (served != watch.probed_served) {
    watch.probed_served = served;
    watch.probed_bytes = bytes;
    watch.idle_since = now;
    return false;
  }
  if (watch.first_byte.load() == 0 && bytes != watch.probed_bytes) {
    watch.first_byte = now.time_since_epoch().count();
    // A request that began meanwhile has not taken it: it must not count for the next one.
    if (watch.served.load() != served) watch.first_byte = 0;
  }
  const Clock::rep seen = watch.first_byte.load();
  if (seen != 0) return now > Clock::time_point(Clock::duration(seen)) + request_timeout_;
  return now > watch.idle_since + idle_timeout_ + request_timeout_;
}

}  // namespace rebuf::daemon::ingest
