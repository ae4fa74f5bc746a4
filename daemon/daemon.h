// rebufd at work: data directory, sinks, routes, ingest and admin servers, started and stopped in
// the one right order. Owned and called by main's thread only; making_progress and status_text look
// at routes, which any thread may.
//
// Start: data_dir is locked; sinks are made (they connect by themselves); routes are opened and
// started; the ingest port listens; the admin addresses listen. Only then is rebufd ready.
// Stop: begin_stop, wait for quiet or the deadline, finish_stop. After finish_stop everything that
// was acknowledged is delivered or durable, and every client has its answer.
#pragma once

#include <rebuf/status.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "daemon/admin/admin_server.h"
#include "daemon/data_dir.h"
#include "daemon/idempotency/key_gate.h"
#include "daemon/ingest/ingest_server.h"
#include "daemon/logging.h"
#include "daemon/memory_budget.h"
#include "daemon/route.h"
#include "daemon/route/live_route.h"
#include "daemon/sinks_of.h"
#include "daemon/unopened_route.h"

namespace rebuf::daemon {

class Daemon {
 public:
  // Both must outlive it. Errors: Code::locked (data_dir or an address is in use), io (data_dir
  // cannot be written), invalid_argument (a sink refuses its settings). A route that cannot be
  // opened is no error: it answers 503, says so, and is tried again (unopened_route.h).
  [[nodiscard]] static Result<std::unique_ptr<Daemon>> start(const config::Config& config,
                                                             const Logging& logging);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  [[nodiscard]] bool making_progress() const;
  [[nodiscard]] std::string status_text() const;  // one line for systemctl status

  void begin_stop();  // no new request is taken
  // Whether nothing is left that waiting for the sinks would help.
  [[nodiscard]] bool quiet() const;
  void finish_stop();  // what the sinks still hold goes to the logs; blocks

 private:
  Daemon(const config::Config& config, const Logging& logging, DataDir data_dir);
  [[nodiscard]] Status make_sinks();
  [[nodiscard]] Status open_routes();
  [[nodiscard]] LiveRouteSettings live_settings(const config::RouteConfig& route,
                                                const std::string& machine);
  [[nodiscard]] std::unique_ptr<idempotency::KeyGate> make_keys(const config::RouteConfig& route,
                                                                idempotency::KeyGate::Load load);
  [[nodiscard]] Status listen();
  [[nodiscard]] AdminSources sources() const;
  [[nodiscard]] RunningSink& sink_of(const config::RouteConfig& route);

  const config::Config& config_;
  const Logging& logging_;
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  const std::chrono::system_clock::time_point started_at_ = std::chrono::system_clock::now();
  const DataDir data_dir_;
  MemoryBudget budget_;
  std::vector<RunningSink> sinks_;
  idempotency::KeyWriter key_writer_;
  std::vector<std::unique_ptr<idempotency::KeyGate>> keys_;  // in the order of the configuration
  std::vector<std::unique_ptr<Route>> routes_;               // in the same order
  std::vector<UnopenedRoute*> unopened_;                     // those that could not be opened
  std::vector<LiveRoute*> live_;                             // the others; at a stop, all
  std::unique_ptr<IngestServer> ingest_;
  std::unique_ptr<AdminServer> admin_;
  bool stopped_ = false;
};

}  // namespace rebuf::daemon
