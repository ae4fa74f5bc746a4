// The libmicrohttpd daemon with its pool of threads, and its callbacks into Connection. Owned by
// the server; it does not listen, connections are given to it.
#pragma once

#include <microhttpd.h>
#include <rebuf/status.h>

#include <memory>

#include "daemon/ingest/connection_table.h"
#include "daemon/ingest/fd.h"
#include "daemon/ingest/service.h"
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
  ~HttpDaemon();  // only when no connection is suspended: libmicrohttpd aborts otherwise
  HttpDaemon(const HttpDaemon&) = delete;
  HttpDaemon& operator=(const HttpDaemon&) = delete;

  // A connection that was accepted. Closed when libmicrohttpd does not take it.
  void add(Fd socket, const sockaddr* address, socklen_t length);

 private:
  [[nodiscard]] MHD_Daemon* launch();
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
  MHD_Daemon* daemon_ = nullptr;
};

}  // namespace rebuf::daemon::ingest
