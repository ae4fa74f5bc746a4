// What all connections of an ingest server share. Owned by the server; outlives every connection.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "config/config.h"
#include "daemon/current.h"
#include "daemon/ingest/lingering.h"
#include "daemon/ingest/memory_gate.h"
#include "daemon/ingest/route_table.h"
#include "daemon/ingest/waker.h"

namespace rebuf::daemon::ingest {

// libmicrohttpd keeps a connection's header fields and the head of its answer in this much memory.
// Small, for idle connections cost it too: 5,000 of them 40 MiB.
inline constexpr std::size_t connection_memory = 8U << 10;

struct Service {
  Service(const config::Http& http_in, IngestRoutes routes_in, MemoryBudget& budget)
      : http(http_in), routes(RouteTable(std::move(routes_in))), gate(budget) {}

  const config::Http http;
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
  // Requests that are with a route or with the memory gate: libmicrohttpd must not stop before all
  // have come back. Counted up before `stopping` is looked at, so that none is missed, and down
  // on the connection's thread.
  std::atomic<std::uint32_t> held{0};
};

}  // namespace rebuf::daemon::ingest
