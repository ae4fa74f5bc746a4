// Stands in for a route that could not be opened (an unreadable disk, for example): refuses
// everything, says why, and leaves the other routes alone. Any thread; immutable.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "daemon/route.h"

namespace rebuf::daemon {

class FailedRoute final : public Route {
 public:
  FailedRoute(config::RouteConfig route, std::string reason);

  const config::RouteConfig& config() const override { return config_; }
  void offer(std::shared_ptr<Request> request) override;
  RouteSnapshot snapshot() const override;
  Readiness readiness() const override { return {false, reason_}; }
  const RouteHistograms& histograms() const override { return histograms_; }
  bool making_progress() const override { return true; }  // it has a reason not to

 private:
  const config::RouteConfig config_;
  const std::string reason_;
  const std::chrono::system_clock::time_point since_ = std::chrono::system_clock::now();
  const RouteHistograms histograms_;
};

}  // namespace rebuf::daemon
