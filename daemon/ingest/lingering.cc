#include "daemon/ingest/lingering.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace rebuf::daemon::ingest {
namespace {

// True when the peer has ended or broken the connection.
bool discard_some(int fd) {
  std::array<char, 16384> waste{};
  for (int round = 0; round < 64; ++round) {
    const ssize_t got = ::recv(fd, waste.data(), waste.size(), MSG_DONTWAIT);
    if (got <= 0) return got == 0 || (errno != EAGAIN && errno != EINTR);
  }
  return false;
}

}  // namespace

bool Lingering::add(sinks::Fd socket) {
  const std::lock_guard lock(mutex_);
  if (!socket.valid() || entries_.size() >= max_sockets) return false;
  ::shutdown(socket.get(), SHUT_WR);
  entries_.push_back({std::move(socket), Clock::now() + max_time});
  return true;
}

void Lingering::append_to(std::vector<pollfd>& set) {
  const std::lock_guard lock(mutex_);
  for (const Entry& entry : entries_) set.push_back({entry.socket.get(), POLLIN, 0});
}

void Lingering::discard(Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  std::erase_if(entries_, [&](const Entry& entry) {
    return now >= entry.until || discard_some(entry.socket.get());
  });
}

bool Lingering::empty() {
  const std::lock_guard lock(mutex_);
  return entries_.empty();
}

}  // namespace rebuf::daemon::ingest
