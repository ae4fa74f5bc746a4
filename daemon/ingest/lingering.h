// Sockets that were answered before their request had come whole (413 at the headers, …). Closing
// one with unread bytes makes the kernel reset the connection, and the client may never see the
// answer; so the sending side is ended and what still comes is thrown away for a while. add() from
// any thread, the rest by the server's thread alone.
#pragma once

#include <poll.h>

#include <cstddef>
#include <mutex>
#include <vector>

#include "daemon/request.h"
#include "sinks/fd.h"

namespace rebuf::daemon::ingest {

class Lingering {
 public:
  static constexpr std::size_t max_sockets = 256;  // beyond it they are just closed
  static constexpr std::chrono::seconds max_time{2};

  // False when there are too many.
  bool add(sinks::Fd socket);
  // Appends what to poll for.
  void append_to(std::vector<pollfd>& set);
  // Reads what is there; lets go those that ended or are too old.
  void discard(Clock::time_point now);
  [[nodiscard]] bool empty();

 private:
  struct Entry {
    sinks::Fd socket;
    Clock::time_point until;
  };
  std::mutex mutex_;
  std::vector<Entry> entries_;  // guarded by mutex_
};

}  // namespace rebuf::daemon::ingest
