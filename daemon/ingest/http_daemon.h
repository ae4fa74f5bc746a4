// One libmicrohttpd daemon on one listening socket, and its callbacks into Connection. Owned by
// the server.
#pragma once

#include <microhttpd.h>

#include <memory>

#include "daemon/ingest/connection_table.h"
#include "daemon/ingest/listener.h"
#include "daemon/ingest/service.h"
#include "sinks/sink.h"

namespace rebuf::daemon::ingest {

class HttpDaemon {
 public:
  // All three references must outlive it.
  static Result<std::unique_ptr<HttpDaemon>> start(Listener listener, Service& service,
                                                   ConnectionTable& table,
                                                   const sinks::Logger& log);
  // Only by start().
  HttpDaemon(Listener listener, Service& service, ConnectionTable& table, const sinks::Logger& log)
      : service_(service),
        table_(table),
        log_(log),
        listener_(std::move(listener)),
        port_(listener_.port()) {}
  ~HttpDaemon();  // only when no connection is suspended: libmicrohttpd aborts otherwise
  HttpDaemon(const HttpDaemon&) = delete;
  HttpDaemon& operator=(const HttpDaemon&) = delete;

  void quiesce();  // no more connections; those that are there stay
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  [[nodiscard]] MHD_Daemon* launch();
  void opened(MHD_Connection* connection, void** context);
  void closed(void** context);

  static MHD_Result on_accept(void* self, const sockaddr* address, socklen_t length);
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
  Listener listener_;
  const std::uint16_t port_;
  MHD_Daemon* daemon_ = nullptr;
};

}  // namespace rebuf::daemon::ingest
