// The listening sockets, and the way of new connections from them to the connection threads.
//
// The first sixteen connections are one thread's: it wakes once for what comes on several of them
// at the same time, and the other threads need not wake at all. The next sixteen are the next
// one's, and so on; when all have sixteen, each new one goes to the thread that has the fewest.
// Idle ones count, and none moves later.
//
// close() from any thread, the rest by the server's own thread; one mutex inside.
#pragma once

#include <poll.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "daemon/ingest/connection_thread.h"
#include "daemon/ingest/listener.h"
#include "daemon/request.h"

namespace rebuf::daemon::ingest {

class Acceptor {
 public:
  explicit Acceptor(std::vector<Listener> listeners);
  [[nodiscard]] std::vector<std::uint16_t> ports() const { return ports_; }

  // Appends what to poll for; nothing while accepting pauses.
  void append_to(std::vector<pollfd>& set);
  // Takes some of what waits, and gives each to a thread. Connections far over max_connections are
  // closed at once. Without descriptors or memory it pauses until paused_until().
  void accept_some(const std::vector<std::unique_ptr<ConnectionThread>>& threads, Service& service,
                   Clock::time_point now);
  [[nodiscard]] Clock::time_point paused_until() const { return paused_until_; }
  void close();  // nobody is listening any more when it returns

 private:
  void accept_from(const sinks::Fd& listening,
                   const std::vector<std::unique_ptr<ConnectionThread>>& threads, Service& service,
                   Clock::time_point now);

  const std::vector<std::uint16_t> ports_;
  Clock::time_point paused_until_;
  std::mutex mutex_;
  std::vector<Listener> listeners_;  // guarded by mutex_
};

}  // namespace rebuf::daemon::ingest
