// Which path leads where. Built once at start, read by all connection threads; only the counters
// in it change, and they are lock-free.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/idempotency/key_gate.h"
#include "daemon/metrics_store.h"
#include "daemon/route.h"

namespace rebuf::daemon::ingest {

struct RouteEntry {
  Route* route = nullptr;
  idempotency::KeyGate* keys = nullptr;  // null: the route has none
  HttpCounts counts;
};

struct Target {
  enum class Kind : std::uint8_t { unknown, server, health, ready, ready_route, ingest };
  Kind kind = Kind::unknown;
  RouteEntry* entry = nullptr;  // for ready_route and ingest
  bool batch = false;           // the route's /batch
};

class RouteTable {
 public:
  // `keys` of each route, in the same order; routes beyond its end have none.
  RouteTable(const std::vector<Route*>& routes, const std::vector<idempotency::KeyGate*>& keys);

  // `url` without its query; `*` and absolute forms (http://host/path) are understood.
  [[nodiscard]] Target find(std::string_view url) const;
  // Of all routes; see KeyGate.
  void expire_clients(Clock::time_point now);
  [[nodiscard]] const std::deque<RouteEntry>& entries() const { return entries_; }
  [[nodiscard]] HttpCounts& unrouted() { return unrouted_; }

 private:
  std::deque<RouteEntry> entries_;  // in the given order
  std::map<std::string, Target, std::less<>> paths_;
  HttpCounts unrouted_;
};

}  // namespace rebuf::daemon::ingest
