// From a sink's configuration to the sink, with what rebufd measures of it.
#pragma once

#include <rebuf/status.h>

#include <memory>

#include "config/config.h"
#include "daemon/admin/sources.h"
#include "daemon/logging.h"
#include "daemon/sink_metrics.h"
#include "sinks/kafka/kafka_sink.h"
#include "sinks/sink.h"

namespace rebuf::daemon {

// Shared by main and by what still looks at it; ends after its routes. The sink refers to the
// metrics, so neither moves.
struct RunningSink {
  config::SinkConfig settings;
  std::string name;
  std::string type;
  std::unique_ptr<SinkMetrics> metrics;
  std::unique_ptr<sinks::Sink> sink;
  sinks::KafkaSink* embedded = nullptr;  // only for embedded_kafka; part of `sink`

  [[nodiscard]] SinkView view() const { return {name, type, sink.get(), metrics.get(), embedded}; }
};

// Does no network I/O. Code::invalid_argument: the sink's library refuses the settings.
[[nodiscard]] Result<RunningSink> make_sink(const config::SinkConfig& settings,
                                            const Logging& logging);

}  // namespace rebuf::daemon
