// A sink that also counts what its routes hear of it. Everything else is the inner sink's.
#pragma once

#include <memory>

#include "daemon/sink_metrics.h"
#include "sinks/sink.h"

namespace rebuf::daemon {

class MeasuredSink final : public sinks::Sink {
 public:
  // `metrics` must outlive the sink.
  MeasuredSink(std::unique_ptr<sinks::Sink> inner, SinkMetrics& metrics);
  [[nodiscard]] std::unique_ptr<sinks::Channel> attach(sinks::ChannelOptions options,
                                                       sinks::ChannelListener& listener) override;
  [[nodiscard]] sinks::SinkStats stats() const override { return inner_->stats(); }
  [[nodiscard]] bool keeps_runs_together() const override { return inner_->keeps_runs_together(); }

 private:
  SinkMetrics& metrics_;
  std::unique_ptr<sinks::Sink> inner_;
};

}  // namespace rebuf::daemon
