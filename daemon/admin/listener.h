// One address of the admin server: a cpp-httplib server with its accepting thread and its workers.
// Owned by AdminServer.
//
// cpp-httplib keeps a thread busy with each open connection, so an answer always ends its
// connection, and over TCP a connection counts only when it has sent something (TCP_DEFER_ACCEPT):
// clients that only hold connections open cannot keep a scrape out.
#pragma once

#include <httplib.h>
#include <rebuf/status.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "config/config.h"
#include "daemon/admin/endpoints.h"
#include "sinks/sink.h"

namespace rebuf::daemon::admin {

class Listener {
 public:
  // Code::locked: another process listens there. `endpoints` must outlive the listener. A Unix
  // socket's path is made free first (socket_file.h), and it gets the mode 0660.
  [[nodiscard]] static Result<std::unique_ptr<Listener>> open(const config::Listen& where,
                                                              Access access,
                                                              const Endpoints& endpoints);
  Listener(config::Listen where, Access access, const Endpoints& endpoints);  // only by open()
  ~Listener();  // answers what has come, closes, removes the Unix socket
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  [[nodiscard]] std::uint16_t port() const { return where_.port; }  // as listened on; 0: Unix
  [[nodiscard]] std::string text() const { return where_.text(); }

 private:
  void set_up();
  void serve(const httplib::Request& request, httplib::Response& response) const;
  [[nodiscard]] Status bind();
  [[nodiscard]] Status bind_unix();

  config::Listen where_;
  const Access access_;
  const Endpoints& endpoints_;
  httplib::Server server_;
  int socket_ = -1;  // the server's
  std::atomic<bool> ended_{false};
  std::thread thread_;
};

}  // namespace rebuf::daemon::admin
