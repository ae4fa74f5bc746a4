// Which path leads where. Never changes: other routes get another table, and a request goes on with
// the one that it began with. Read by all connection threads.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/ingest/ingest_routes.h"

namespace rebuf::daemon::ingest {

struct Target {
  enum class Kind : std::uint8_t { unknown, server, health, ready, ready_route, ingest };
  Kind kind = Kind::unknown;
  const IngestRoute* entry = nullptr;  // for ready_route and ingest; the table's
  bool batch = false;                  // the route's /batch
};

class RouteTable {
 public:
  explicit RouteTable(IngestRoutes routes);
  RouteTable(RouteTable&&) = default;

  // `url` without its query; `*` and absolute forms (http://host/path) are understood.
  [[nodiscard]] Target find(std::string_view url) const;
  // Of all routes; see KeyGate.
  void expire_clients(Clock::time_point now) const;
  [[nodiscard]] const std::vector<IngestRoute>& routes() const { return routes_.routes; }

 private:
  IngestRoutes routes_;
  std::map<std::string, Target, std::less<>> paths_;  // into routes_; a move leaves those in place
};

}  // namespace rebuf::daemon::ingest
