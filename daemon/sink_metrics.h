// What rebufd counts about a sink beside what the sink says of itself: how long deliveries take,
// and how often it went down, by reason. Written by the sink's threads, read at a scrape.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "daemon/metrics_store.h"
#include "sinks/sink.h"

namespace rebuf::daemon {

class SinkMetrics {
 public:
  SecondsHistogram delivery{seconds_bounds};  // rebufd_sink_delivery_seconds

  // One outage counts once, however many routes hear of it; it counts again when its class changes.
  void on_health(const sinks::Health& health);
  // rebufd_sink_errors_total by reason.
  [[nodiscard]] std::map<std::string, std::uint64_t> errors() const;

 private:
  mutable std::mutex mutex_;
  std::string down_class_;  // of the outage that was counted last; empty: up
  std::map<std::string, std::uint64_t> errors_;
};

}  // namespace rebuf::daemon
