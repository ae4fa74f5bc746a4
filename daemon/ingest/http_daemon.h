// One connection thread: a libmicrohttpd daemon, the loop that runs it, and its callbacks into
// Connection. Owned by the server; connections are given to it.
//
// The loop is ours, not libmicrohttpd's: the inner loop of 0.9.75 waits again when exactly 128
// events came at once, before it serves them, and so stalls with many busy connections. Run from
// outside it never waits. And only this thread resumes connections, so that no wake-up is lost
// between libmicrohttpd's flag and its signal.
#pragma once

#include <microhttpd.h>
#include <rebuf/status.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>

#include "daemon/ingest/connection_table.h"
#include "daemon/ingest/mailbox.h"
#include "daemon/ingest/patience.h"
#include "daemon/ingest/round.h"
#include "daemon/ingest/service.h"
#include "sinks/fd.h"
#include "sinks/sink.h"

namespace rebuf::daemon::ingest {

class HttpDaemon {
 public:
  // All three references must outlive it.
  static Result<std::unique_ptr<HttpDaemon>> start(Service& service, ConnectionTable& table,
                                                   const sinks::Logger& log);
  // Only by start().
  HttpDaemon(Service& service, ConnectionTable& table, const sinks::Logger& log)
      : service_(service), table_(table), log_(log) {}
  // Has the thread end and close the connections, when no request has come for 20 ms: those of
  // clients that are busy have been closed behind an answer then. Who sends one in the moment of
  // closing sees the connection reset. Only when none is suspended: libmicrohttpd aborts otherwise.
  // By the one that destroys it.
  void end();
  ~HttpDaemon();  // end(), and waits for it
  HttpDaemon(const HttpDaemon&) = delete;
  HttpDaemon& operator=(const HttpDaemon&) = delete;

  // Any thread:
  void add(sinks::Fd socket);
  // Those that were added and are not closed yet.
  [[nodiscard]] std::uint32_t connections() const { return connections_; }

 private:
  [[nodiscard]] MHD_Daemon* launch();
  void run();
  // Milliseconds until something must be looked at; -1: nothing but events.
  [[nodiscard]] int until_due_ms() const;
  void serve(Mailbox::Letters& letters);
  void opened(MHD_Connection* connection, void** context);
  void closed(void** context);

  static void on_connection(void* self, MHD_Connection* connection, void** context,
                            MHD_ConnectionNotificationCode what);
  static void* on_request_line(void* self, const char* uri, MHD_Connection* connection);
  static MHD_Result on_request(void* self, MHD_Connection* connection, const char* url,
                               const char* method, const char* version, const char* piece,
                               std::size_t* piece_size, void** context);
  static void on_completed(void* self, MHD_Connection* connection, void** context,
                           MHD_RequestTerminationCode why);
  static std::size_t on_unescape(void* self, MHD_Connection* connection, char* text);
  static void on_log(void* self, const char* format, va_list arguments);

  Service& service_;
  ConnectionTable& table_;
  const sinks::Logger& log_;
  Mailbox mailbox_;
  Round round_;
  Patience patience_;
  MHD_Daemon* daemon_ = nullptr;
  int epoll_fd_ = -1;  // libmicrohttpd's
  std::atomic<std::uint32_t> connections_{0};
  std::uint64_t opened_ = 0;  // connections, ever
  std::atomic<bool> ends_{false};
  Clock::time_point ends_by_;  // whatever still comes; set before ends_
  std::thread thread_;
};

}  // namespace rebuf::daemon::ingest
