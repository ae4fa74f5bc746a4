// One entry of http.listen: TCP, on every address that its host stands for, or Unix. Opened by the
// server at start and owned by it. Closing a Unix listener removes its socket file.
#pragma once

#include <rebuf/status.h>

#include <cstdint>
#include <string>
#include <vector>

#include "config/config.h"
#include "sinks/fd.h"

namespace rebuf::daemon::ingest {

class Listener {
 public:
  // Binds and listens, non-blocking. Code::locked: another process listens there. A Unix socket's
  // path is made free first (socket_file.h), and it gets the mode 0660.
  static Result<Listener> open(const config::Listen& listen);
  Listener(Listener&&) noexcept = default;
  Listener& operator=(Listener&&) = delete;
  ~Listener();  // stops listening; what waits in the backlog is reset

  [[nodiscard]] const std::vector<sinks::Fd>& sockets() const { return sockets_; }
  [[nodiscard]] std::uint16_t port() const { return port_; }  // 0 for a Unix socket

 private:
  Listener() = default;
  std::vector<sinks::Fd> sockets_;  // empty: moved from
  std::uint16_t port_ = 0;
  std::string unix_path_;  // to be removed
};

}  // namespace rebuf::daemon::ingest
