// The Kafka sink: an idempotent librdkafka producer (acks=all, no time-out, no gaps) for each
// channel, each with a thread that takes its reports and calls the listener; from the ninth channel
// on they share producers.
//
// Owned by the daemon. Any thread may call anything, but Channel::stop() must not be called from a
// listener, and the channels go before the sink. `delivered` means: every in-sync replica has it.
//
// A producer is thrown away and made again, and everything that it holds is given back, when
// librdkafka cannot keep the order otherwise (a fatal error, a failed message that is not itself to
// blame), and for recall() or a stop() whose deadline passed: librdkafka can only let go of all.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "sinks/sink.h"

namespace rebuf::sinks {

struct KafkaSettings {
  std::string name;     // of the sink, for log lines
  std::string brokers;  // host:port, comma-separated; unused when embedded
  // Any property but those that the sink sets itself; the configuration refuses these.
  std::map<std::string, std::string> options;
  std::string partitioner = "murmur2_random";
  // librdkafka's mock cluster in this process instead of `brokers`: for trying out. It keeps a few
  // megabytes a partition in memory, and silently forgets older ones.
  bool embedded = false;
};

class KafkaSink : public Sink {
 public:
  // host:port list of the embedded cluster; empty when not embedded.
  [[nodiscard]] virtual std::string embedded_bootstrap() const = 0;
  // Takes the embedded broker away or brings it back with its data. False when not embedded.
  virtual bool set_embedded_up(bool up) = 0;
};

struct KafkaSinkResult {
  std::unique_ptr<KafkaSink> sink;  // null when librdkafka refuses the settings
  std::string error;                // why
};

// Does no network I/O of its own; librdkafka connects in the background.
[[nodiscard]] KafkaSinkResult make_kafka_sink(KafkaSettings settings, Logger log,
                                              DeliveryObserver observer);

}  // namespace rebuf::sinks
