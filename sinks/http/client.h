// One connection to the endpoint, kept alive between requests: cpp-httplib's client, with what it
// lacks: a request can be cut at any moment, and an answer that came before the request was all
// written counts.
//
// Used by one thread, but for cut(). That thread blocks SIGPIPE.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>

#include "sinks/fd.h"
#include "sinks/http/request.h"
#include "sinks/http/resolver.h"
#include "sinks/http/url.h"

namespace httplib {
class ClientImpl;
}

namespace rebuf::sinks::http {

struct TlsFiles {
  std::string ca, cert, key;  // PEM; empty: the system's authorities, no client certificate
};

struct Answer {
  int status = 0;           // 0: none came
  std::string body_start;   // at most 256 bytes
  std::string retry_after;  // header values
  std::string location;
  // When none came:
  bool sent = false;  // the endpoint may have got the request, or a part of it
  bool not_connected = false;
  std::string error_class;  // "connect", "timeout", "tls", "reset"
  std::string reason;
};

class Client {
 public:
  // `timeout` is of connecting, to all of the name's addresses together, and of each wait for the
  // other side; a whole request is bounded by whoever calls cut().
  Client(Url url, std::chrono::milliseconds timeout, Resolver::LookUp look_up = http::look_up);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // For https, before the first request. The error, or empty.
  [[nodiscard]] std::string load(const TlsFiles& files);

  [[nodiscard]] Answer send(const std::string& method, const std::string& target,
                            const Request& request);
  // Connects and hangs up; status 200 when that worked.
  [[nodiscard]] Answer connect();
  // Any thread: what is under way fails soon. May come before the socket is there: repeat it.
  void cut();

 private:
  // Over the connection that is there, or a new one to the first address that takes it.
  [[nodiscard]] Answer send_anywhere(const std::string& method, const std::string& target,
                                     const Request& request);
  [[nodiscard]] Answer send_once(const std::string& method, const std::string& target,
                                 const Request& request);
  // The error class of what went on since `began`.
  [[nodiscard]] std::string class_since(std::chrono::steady_clock::time_point began,
                                        std::string_view otherwise) const;
  void watch(int socket);
  // Watches this instead; returns what was watched.
  Fd watch_instead(Fd other);

  const Url url_;
  const std::chrono::milliseconds timeout_;
  std::unique_ptr<httplib::ClientImpl> client_;
  Resolver resolver_;
  bool connected_ = false;  // in this attempt: by a new connection
  std::atomic<bool> was_cut_ = false;
  std::mutex mutex_;
  Fd watched_;  // guarded by mutex_: a duplicate of the socket, for cut()
};

}  // namespace rebuf::sinks::http
