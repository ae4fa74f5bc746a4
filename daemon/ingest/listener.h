// One listening socket of the ingest port: TCP (IPv4 or IPv6) or Unix. Opened by the server at
// start and owned by it. Closing a Unix listener removes its socket file.
#pragma once

#include <rebuf/status.h>

#include <cstdint>
#include <string>

#include "config/config.h"
#include "sinks/fd.h"

namespace rebuf::daemon::ingest {

class Listener {
 public:
  // Binds and listens, non-blocking. A stale socket file is replaced, one that a live process
  // answers on is refused (Code::locked, as is a TCP port in use). Unix sockets get mode 0660.
  static Result<Listener> open(const config::Listen& listen);
  Listener(Listener&&) noexcept = default;
  Listener& operator=(Listener&&) = delete;
  ~Listener();  // stops listening; what waits in the backlog is reset

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] std::uint16_t port() const { return port_; }  // 0 for a Unix socket

 private:
  Listener() = default;
  sinks::Fd fd_;
  std::uint16_t port_ = 0;
  std::string unix_path_;  // to be removed
};

}  // namespace rebuf::daemon::ingest
