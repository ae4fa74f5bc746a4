#include "daemon/ingest/route_table.h"

#include <utility>

namespace rebuf::daemon::ingest {

RouteTable::RouteTable(IngestRoutes routes) : routes_(std::move(routes)) {
  using Kind = Target::Kind;
  paths_["*"] = {Kind::server, nullptr, false};
  paths_["/healthz"] = {Kind::health, nullptr, false};
  paths_["/readyz"] = {Kind::ready, nullptr, false};
  for (const IngestRoute& entry : routes_.routes) {
    const config::RouteConfig& config = entry.route->config();
    paths_[config.path] = {Kind::ingest, &entry, false};
    paths_[config.path + "/batch"] = {Kind::ingest, &entry, true};
    paths_["/readyz/" + config.name] = {Kind::ready_route, &entry, false};
  }
}

Target RouteTable::find(std::string_view url) const {
  if (url.starts_with("http://")) {
    const std::size_t path = url.find('/', 7);
    url = path == std::string_view::npos ? "/" : url.substr(path);
  }
  const auto found = paths_.find(url);
  return found == paths_.end() ? Target{} : found->second;
}

void RouteTable::expire_clients(Clock::time_point now) const {
  for (const IngestRoute& entry : routes_.routes)
    if (entry.keys != nullptr) entry.keys->expire_clients(now);
}

}  // namespace rebuf::daemon::ingest
