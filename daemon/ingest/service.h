// What all connections of an ingest server share. Owned by the server; outlives every connection.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <utility>

#include "config/config.h"
#include "daemon/current.h"
#include "daemon/ingest/lingering.h"
#include "daemon/ingest/memory_gate.h"
#include "daemon/ingest/route_table.h"
#include "daemon/ingest/waker.h"

namespace rebuf::daemon::ingest {

// Connections that a connection thread gets before the next gets any (acceptor.h).
inline constexpr std::uint32_t fill_first = 16;

struct Service {
  Service(const config::Http& http_in, IngestRoutes routes_in, MemoryBudget& budget)
      : http(http_in),
        sweep_interval(std::clamp(http.request_timeout / 10, std::chrono::milliseconds(20),
                                  std::chrono::milliseconds(1000))),
        routes(RouteTable(std::move(routes_in))),
        gate(budget) {}

  const config::Http http;
  // How often deadlines are looked at.
  const std::chrono::milliseconds sweep_interval;
  Current<RouteTable> routes;
  HttpCounts unrouted;  // answers to requests that belong to no route
  MemoryGate gate;
  Lingering lingering;
  Waker waker;  // of the server's thread

  std::atomic<bool> stopping{false};
  std::atomic<bool> closing{false};  // each answer is the last on its connection
  std::atomic<std::uint32_t> connections{0};
  std::atomic<std::uint32_t> requests{0};  // begun and not yet over
  std::atomic<std::uint64_t> offered{0};   // requests that have come whole, to any route, ever
  // Requests that are with a route or with the memory gate: no connection thread ends before all
  // have come back. Counted up before `stopping` is looked at, so that none is missed, and down by
  // whoever gives the connection back to its thread, or by that, as the last of all.
  std::atomic<std::uint32_t> held{0};
};

}  // namespace rebuf::daemon::ingest
