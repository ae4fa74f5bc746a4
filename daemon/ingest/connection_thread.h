// One connection thread: waits for what its connections and its mailbox bring, and has the
// connections serve it. Owned by the server; connections are given to it.
#pragma once

#include <rebuf/status.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "daemon/ingest/connection.h"
#include "daemon/ingest/service.h"
#include "sinks/fd.h"
#include "sinks/sink.h"

namespace rebuf::daemon::ingest {

class ConnectionThread {
 public:
  // Both references must outlive it.
  static Result<std::unique_ptr<ConnectionThread>> start(Service& service,
                                                         const sinks::Logger& log);
  ConnectionThread(Service& service, const sinks::Logger& log);  // only by start()
  // Has the thread end and close the connections, when no request has come for 20 ms: those of
  // clients that are busy have been closed behind an answer then. Who sends one in the moment of
  // closing sees the connection reset. Only when no request is held. By the one that destroys it.
  void end();
  ~ConnectionThread();  // end(), and waits for it
  ConnectionThread(const ConnectionThread&) = delete;
  ConnectionThread& operator=(const ConnectionThread&) = delete;

  // Any thread:
  void add(sinks::Fd socket);
  // Those that were added and are not closed yet.
  [[nodiscard]] std::uint32_t connections() const { return count_; }

 private:
  [[nodiscard]] bool start();
  void run();
  // Milliseconds until something must be looked at; -1: nothing but events.
  [[nodiscard]] int wait_ms(bool ends) const;
  void serve_mailbox();
  void open(sinks::Fd socket);
  void close(Connection& connection);
  // Ends the connections that are too slow.
  void sweep();
  // Closes the connection when `step` says so, or finds no memory.
  void serve(Connection& connection, bool (Connection::*step)());

  ThreadParts parts_;
  Clock::time_point last_sweep_;
  std::vector<std::unique_ptr<Connection>> connections_;
  Mailbox::Letters letters_;
  std::atomic<std::uint32_t> count_{0};
  std::atomic<bool> ends_{false};
  Clock::time_point ends_by_;  // whatever still comes; set before ends_
  std::thread thread_;
};

}  // namespace rebuf::daemon::ingest
