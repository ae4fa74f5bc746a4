#include "daemon/sink_metrics.h"

namespace rebuf::daemon {

void SinkMetrics::on_health(const sinks::Health& health) {
  const std::lock_guard lock(mutex_);
  if (health.up) {
    down_class_.clear();
    return;
  }
  const std::string_view what = health.error_class.empty() ? "other" : health.error_class;
  if (what == down_class_) return;
  down_class_ = what;
  ++errors_[down_class_];
}

std::map<std::string, std::uint64_t> SinkMetrics::errors() const {
  const std::lock_guard lock(mutex_);
  return errors_;
}

}  // namespace rebuf::daemon
