// The admin server: health, metrics, status and the status page over TCP (read-only) and over a
// Unix socket (which may also change things). Owned by main; what AdminSources points to must
// outlive it, or be kept alive by them. start and the destructor on one thread.
#pragma once

#include <rebuf/status.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "daemon/admin/sources.h"

namespace rebuf::daemon {

class AdminServer {
 public:
  // Code::locked: an address is in use.
  [[nodiscard]] static Result<std::unique_ptr<AdminServer>> start(const config::Admin& admin,
                                                                  AdminSources sources);
  struct Impl;
  explicit AdminServer(std::unique_ptr<Impl> impl);  // only by start()
  ~AdminServer();                                    // no request is being answered afterwards
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  // Every request from now on sees these. Any thread.
  void show(AdminSources sources);

  // As listened on, in the order of admin.listen, then the socket.
  [[nodiscard]] std::vector<std::string> addresses() const;
  [[nodiscard]] std::vector<std::uint16_t> ports() const;  // 0: a Unix socket

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace rebuf::daemon
