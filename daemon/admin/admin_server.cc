#include "daemon/admin/admin_server.h"

#include <utility>

#include "daemon/admin/listener.h"

namespace rebuf::daemon {

struct AdminServer::Impl {
  Impl(const config::Admin& admin, AdminSources sources)
      : endpoints(std::move(sources), admin::HostCheck(admin)) {}

  admin::Endpoints endpoints;
  std::vector<std::unique_ptr<admin::Listener>> listeners;
};

Result<std::unique_ptr<AdminServer>> AdminServer::start(const config::Admin& admin,
                                                        AdminSources sources) {
  auto impl = std::make_unique<Impl>(admin, std::move(sources));
  std::vector<std::pair<config::Listen, admin::Access>> wanted;
  for (const config::Listen& listen : admin.listen)
    wanted.emplace_back(listen, listen.is_unix() ? admin::Access::full : admin::Access::read_only);
  if (!admin.socket.empty()) {
    config::Listen socket;
    socket.unix_path = admin.socket;
    wanted.emplace_back(std::move(socket), admin::Access::full);
  }
  for (const auto& [where, access] : wanted) {
    auto listener = admin::Listener::open(where, access, impl->endpoints);
    if (!listener) return listener.status();
    impl->listeners.push_back(std::move(*listener));
  }
  return std::make_unique<AdminServer>(std::move(impl));
}

AdminServer::AdminServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AdminServer::~AdminServer() = default;

void AdminServer::show(AdminSources sources) { impl_->endpoints.show(std::move(sources)); }

std::vector<std::string> AdminServer::addresses() const {
  std::vector<std::string> texts;
  for (const auto& listener : impl_->listeners) texts.push_back(listener->text());
  return texts;
}

std::vector<std::uint16_t> AdminServer::ports() const {
  std::vector<std::uint16_t> ports;
  for (const auto& listener : impl_->listeners) ports.push_back(listener->port());
  return ports;
}

}  // namespace rebuf::daemon
