// rebufd at work: data directory, sinks, routes, ingest and admin servers, started, reloaded and
// stopped in the one right order. Owned and called by main's thread only.
//
// Start: data_dir is locked; sinks are made (they connect by themselves); routes are opened and
// started; the ingest port listens; the admin addresses listen. Only then is rebufd ready.
// Reload (reload.cc): what may be refused comes first, and changes nothing. Then routes that go or
// change are stopped as at a stop, those that change or come are started, and both servers get the
// new ones, all at once. What did not change is not touched. docs/operating.md has what users see.
// Stop: begin_stop, wait for quiet or the deadline, finish_stop. After finish_stop everything that
// was acknowledged is delivered or durable, and every client has its answer.
#pragma once

#include <rebuf/status.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/load.h"
#include "daemon/admin/admin_server.h"
#include "daemon/data_dir.h"
#include "daemon/disk_space.h"
#include "daemon/disposal.h"
#include "daemon/idempotency/key_writer.h"
#include "daemon/ingest/ingest_server.h"
#include "daemon/logging.h"
#include "daemon/memory_budget.h"
#include "daemon/reload_control.h"
#include "daemon/running.h"

namespace rebuf::daemon {

class Daemon {
 public:
  // `logging` and `reload`, whom the admin server asks, outlive it. Errors: Code::locked (data_dir,
  // a route's directory or an address is in use), io (data_dir cannot be written), invalid_argument
  // (a sink refuses its settings). A route that cannot be opened is no error: it answers 503, says
  // so, and is tried again (unopened_route.h).
  [[nodiscard]] static Result<std::unique_ptr<Daemon>> start(config::Config config,
                                                             const Logging& logging,
                                                             ReloadControl& reload);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  // Reads the configuration's file again. Blocks, for stop_timeout and the time of the disk at
  // most, and meanwhile calls `wait` again and again, which takes a moment; false from it: no
  // longer waits for the sinks.
  [[nodiscard]] ReloadOutcome reload(const std::function<bool()>& wait);

  [[nodiscard]] std::chrono::milliseconds stop_timeout() const;
  [[nodiscard]] bool making_progress() const;
  [[nodiscard]] std::string status_text() const;  // one line for systemctl status

  void begin_stop();  // no new request is taken
  // Whether nothing is left that waiting for the sinks would help.
  [[nodiscard]] bool quiet() const;
  void finish_stop();  // what the sinks still hold goes to the logs; blocks

 private:
  Daemon(const Logging& logging, ReloadControl& reload, DataDir data_dir,
         const config::Limits& limits);
  [[nodiscard]] Status open(config::Config config);
  [[nodiscard]] Status listen();
  [[nodiscard]] RouteSurroundings surroundings();
  [[nodiscard]] IngestRoutes ingest_routes() const;
  [[nodiscard]] AdminSources sources() const;
  void look_for_orphans(Running& next, const std::function<void()>& meanwhile) const;
  // Its sinks end on a thread of their own, whoever looks at it last.
  [[nodiscard]] std::shared_ptr<Running> make_running();

  // reload.cc
  [[nodiscard]] Result<std::shared_ptr<RunningSink>> sink_for(
      const config::SinkConfig& wanted) const;
  [[nodiscard]] bool stays(const config::RouteConfig& wanted, const Running& next) const;
  [[nodiscard]] ReloadOutcome compare(const Running& next) const;
  void stop_routes(const RunningRoutes& routes, const std::function<bool()>& wait) const;
  void start_routes(Running& next, const std::function<void()>& meanwhile);
  [[nodiscard]] std::vector<config::Mistake> prepare(Running& next);

  const Logging& logging_;
  ReloadControl& reload_;
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  const std::chrono::system_clock::time_point started_at_ = std::chrono::system_clock::now();
  const DataDir data_dir_;
  DiskSpace disk_;
  MemoryBudget budget_;
  idempotency::KeyWriter key_writer_;
  Disposal disposal_;  // of what ran before
  std::shared_ptr<const Running> running_;
  std::unique_ptr<IngestServer> ingest_;
  std::unique_ptr<AdminServer> admin_;
  bool stopped_ = false;
};

}  // namespace rebuf::daemon
