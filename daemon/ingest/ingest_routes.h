// The routes that the ingest server serves, as their owner gives them to it.
#pragma once

#include <memory>
#include <vector>

#include "daemon/idempotency/key_gate.h"
#include "daemon/metrics_store.h"
#include "daemon/route.h"

namespace rebuf::daemon {

struct IngestRoute {
  Route* route = nullptr;
  HttpCounts* counts = nullptr;          // gets the answers by status code; null: nobody counts
  idempotency::KeyGate* keys = nullptr;  // null: the route heeds no Idempotency-Key
};

struct IngestRoutes {
  std::vector<IngestRoute> routes;
  // Keeps what they point to alive, for as long as a request needs it; null: they outlive the
  // server.
  std::shared_ptr<const void> owner;
};

}  // namespace rebuf::daemon
