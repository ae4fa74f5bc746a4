// Stands in for a route that could not be opened at start (a disk that cannot be read, a file where
// its directory should be): refuses everything, says why, leaves the other routes alone, and tries
// again, after a second, then after more and more, at most 30. Once it is open it is that route,
// and everything is handed on.
//
// Any thread may call anything; its own thread opens.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "daemon/route.h"
#include "daemon/route/live_route.h"

namespace rebuf::daemon {

class UnopenedRoute final : public Route, public RouteControl {
 public:
  // Both are called once, when the route is open, before the first request reaches it: `load` reads
  // what else lies on its disk, which may take its time, and everything can be asked meanwhile;
  // `start` gets the route.
  UnopenedRoute(LiveRouteSettings settings, const Status& why, std::function<void()> load,
                std::function<void(LiveRoute&)> start);
  ~UnopenedRoute() override;

  // It is not opened any more; what was opened, or null.
  [[nodiscard]] LiveRoute* stop_trying();
  // After stop_trying: waits for an attempt that is under way. Nothing of it is left open.
  void join();

  void share_memory(std::uint64_t bytes);  // as LiveRoute
  [[nodiscard]] bool paused() const;

  const config::RouteConfig& config() const override { return settings_.route; }
  void offer(std::shared_ptr<Request> request) override;
  RouteSnapshot snapshot() const override;
  Readiness readiness() const override;
  const RouteHistograms& histograms() const override;
  bool making_progress() const override;  // until it is open it has a reason not to
  RouteControl* control() override { return this; }

  // Until it is open, a pause and a catch-up are kept for then, resume also tries at once, and the
  // rest is refused.
  void pause() override;
  void resume() override;
  void catch_up() override;
  Result<std::uint64_t> purge(std::optional<SegmentId> through) override;
  Result<Replayed> replay_dead_letters() override;
  Result<std::uint64_t> purge_dead_letters() override;

 private:
  void run();
  void opened(std::unique_ptr<LiveRoute> route);
  [[nodiscard]] LiveRoute* open_route() const { return open_.load(std::memory_order_acquire); }
  [[nodiscard]] std::string reason() const;
  [[nodiscard]] Status not_open() const { return {Code::closed, reason()}; }

  const LiveRouteSettings settings_;
  const std::function<void()> load_;
  const std::function<void(LiveRoute&)> start_;
  const std::chrono::system_clock::time_point since_ = std::chrono::system_clock::now();
  const RouteHistograms no_histograms_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  // Guarded by mutex_, which is held over nothing that touches the disk:
  std::string reason_;
  std::uint64_t sink_memory_;
  bool paused_ = false;
  bool catches_up_ = false;
  bool try_now_ = false;
  bool ends_ = false;

  std::unique_ptr<LiveRoute> route_;  // the thread's, until it is published in
  std::atomic<LiveRoute*> open_{nullptr};
  std::thread thread_;
};

}  // namespace rebuf::daemon
