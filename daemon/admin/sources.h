// What the admin server shows: views of objects that main owns and that outlive the server, or that
// `owner` keeps alive. Reading any of them is safe at any time and from any thread.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "daemon/idempotency/key_gate.h"
#include "daemon/metrics_store.h"
#include "daemon/orphans.h"
#include "daemon/reload_control.h"
#include "daemon/route.h"
#include "daemon/route_control.h"
#include "daemon/sink_metrics.h"
#include "sinks/kafka/kafka_sink.h"
#include "sinks/sink.h"

namespace rebuf::daemon {

struct SinkView {
  std::string name;
  std::string type;  // as in the configuration: "kafka", "embedded_kafka", "http", "file"
  const sinks::Sink* sink = nullptr;
  const SinkMetrics* metrics = nullptr;
  sinks::KafkaSink* embedded = nullptr;  // only for embedded_kafka
};

struct RouteView {
  const Route* route = nullptr;
  const HttpCounts* http = nullptr;  // of the ingest port
  const idempotency::KeyGate* keys = nullptr;
  RouteControl* control = nullptr;
};

struct AdminSources {
  std::string version;
  std::string data_dir;
  std::vector<std::string> ingest_addresses;  // as listened on: "127.0.0.1:8082", "unix:/run/x"
  std::chrono::steady_clock::time_point started;
  std::chrono::system_clock::time_point started_at;  // the same, by the wall clock then
  std::vector<RouteView> routes;                     // in the order of the configuration
  std::vector<SinkView> sinks;
  std::vector<Orphan> orphans;
  const HttpCounts* unrouted = nullptr;  // requests that belong to no route
  ReloadControl* reload = nullptr;       // null: the configuration cannot be reloaded
  std::shared_ptr<const void> owner;     // of the routes and the sinks; null: they outlive all
};

}  // namespace rebuf::daemon
