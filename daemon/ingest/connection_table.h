// All open connections of a server, and the rule for slow ones: from its first byte on, a request
// has request_timeout to come whole. libmicrohttpd's own time-out starts anew with every byte, so
// this one shuts the socket down. add and remove on connection threads, sweep on the server's
// thread; one mutex inside.
#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <vector>

#include "daemon/ingest/connection.h"

namespace rebuf::daemon::ingest {

class ConnectionTable {
 public:
  ConnectionTable(std::chrono::milliseconds request_timeout, std::chrono::milliseconds idle_timeout)
      : request_timeout_(request_timeout), idle_timeout_(idle_timeout) {}

  void add(Connection& connection);
  void remove(Connection& connection);  // before its socket is closed
  void sweep(Clock::time_point now);
  [[nodiscard]] std::size_t size();

 private:
  [[nodiscard]] bool is_late(Connection& connection, Clock::time_point now) const;
  [[nodiscard]] bool idle_is_late(Connection& connection, Clock::time_point now) const;

  const std::chrono::milliseconds request_timeout_;
  const std::chrono::milliseconds idle_timeout_;
  std::mutex mutex_;
  std::vector<Connection*> connections_;  // guarded by mutex_
};

}  // namespace rebuf::daemon::ingest
