// A route at work with all that belongs to it: its sink, its idempotency keys, the counts of its
// answers. From opening its directory to letting it go.
//
// Shared: main owns it, and a request or a scrape that looks at it keeps it. Only main's thread
// starts and stops it; everything behind route(), keys() and counts() is for any thread.
//
// Stop: begin_stop, wait for quiet() or a deadline, finish_stop. Afterwards everything that was
// acknowledged is delivered or durable, the directory is free for another, and requests that still
// come are refused.
#pragma once

#include <rebuf/status.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "daemon/disk_space.h"
#include "daemon/idempotency/key_gate.h"
#include "daemon/logging.h"
#include "daemon/memory_budget.h"
#include "daemon/metrics_store.h"
#include "daemon/route/live_route.h"
#include "daemon/sinks_of.h"
#include "daemon/unopened_route.h"

namespace rebuf::daemon {

// What every route is opened with, whatever its own settings. All of it outlives the routes.
struct RouteSurroundings {
  const Logging& logging;
  std::filesystem::path data_dir;
  std::string machine_id;
  DiskSpace& disk;
  MemoryBudget& memory;
  idempotency::KeyWriter& key_writer;
};

class RunningRoute {
 public:
  // Opens and starts it. `before` has the same name and has been stopped: its pause, its counts
  // and its keys go on; null: there is none. A directory that cannot be opened is no error: the
  // route refuses everything, says so, and tries again (unopened_route.h).
  [[nodiscard]] static std::shared_ptr<RunningRoute> start(const RouteSurroundings& around,
                                                           const config::RouteConfig& config,
                                                           std::shared_ptr<RunningSink> sink,
                                                           std::uint64_t sink_memory,
                                                           const RunningRoute* before);

  [[nodiscard]] const config::RouteConfig& config() const { return route_->config(); }
  [[nodiscard]] const std::shared_ptr<RunningSink>& sink() const { return sink_; }
  [[nodiscard]] Route& route() const { return *route_; }
  [[nodiscard]] idempotency::KeyGate& keys() const { return *keys_; }
  [[nodiscard]] HttpCounts& counts() const { return *counts_; }
  // Why its directory could not be opened; ok: it could.
  [[nodiscard]] const Status& trouble_at_start() const { return trouble_at_start_; }

  // What an operator asked of `before`, from which it was started, when this one did not yet stand
  // where he asks: a pause, or its end.
  void heed_late(const RunningRoute& before);

  void share_memory(std::uint64_t bytes);  // what its sink may hold, of limits.memory
  void begin_stop();                       // no new request is taken
  [[nodiscard]] bool quiet() const;        // nothing is left that waiting for the sink would help
  void finish_stop();                      // what the sink still holds goes to the log; blocks

 private:
  RunningRoute(std::shared_ptr<RunningSink> sink, const RunningRoute* before);
  void take_keys(const RouteSurroundings& around, const config::RouteConfig& config,
                 const RunningRoute* before);
  void open(LiveRouteSettings settings);
  [[nodiscard]] bool paused() const;

  const std::shared_ptr<RunningSink> sink_;
  const std::shared_ptr<HttpCounts> counts_;
  std::shared_ptr<idempotency::KeyGate> keys_;
  bool keys_loaded_ = false;  // when it was started
  bool begins_paused_ = false;
  std::unique_ptr<Route> route_;       // one of these two; ends before what it refers to
  LiveRoute* live_ = nullptr;          // when it is open, or was when it stopped
  UnopenedRoute* unopened_ = nullptr;  // when it could not be opened
  Status trouble_at_start_;
};

using RunningRoutes = std::vector<std::shared_ptr<RunningRoute>>;

// finish_stop of all at once; `meanwhile` is called again and again until they have ended.
void finish_all(const RunningRoutes& routes, const std::function<void()>& meanwhile);

}  // namespace rebuf::daemon
