#include "daemon/ingest/route_table.h"

namespace rebuf::daemon::ingest {

RouteTable::RouteTable(const std::vector<Route*>& routes,
                       const std::vector<idempotency::KeyGate*>& keys) {
  using Kind = Target::Kind;
  paths_["*"] = {Kind::server, nullptr, false};
  paths_["/healthz"] = {Kind::health, nullptr, false};
  paths_["/readyz"] = {Kind::ready, nullptr, false};
  for (Route* route : routes) {
    RouteEntry& entry = entries_.emplace_back();
    entry.route = route;
    if (entries_.size() <= keys.size()) entry.keys = keys[entries_.size() - 1];
    const config::RouteConfig& config = route->config();
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

void RouteTable::expire_clients(Clock::time_point now) {
  for (RouteEntry& entry : entries_)
    if (entry.keys != nullptr) entry.keys->expire_clients(now);
}

}  // namespace rebuf::daemon::ingest
