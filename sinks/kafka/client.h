// One librdkafka producer with the properties that the promises rest on. Made and destroyed by the
// sink's poller; librdkafka itself allows calls from any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "sinks/kafka/handles.h"
#include "sinks/kafka/kafka_sink.h"

namespace rebuf::sinks::kafka {

// What librdkafka says besides its events. Called on librdkafka's threads (log) or on the thread
// that polls (throttled).
class ClientCallbacks {
 public:
  virtual ~ClientCallbacks() = default;
  virtual void client_log(LogLevel level, const char* text) = 0;
  virtual void client_throttled(std::chrono::milliseconds pause) = 0;
};

// A member that goes later may be used by one that goes earlier: `rk` stands first.
struct Client {
  ClientHandle rk;
  QueueHandle queue;  // delivery reports, errors, answers of the admin API
};

struct ClientResult {
  Client client;
  std::string error;  // empty: made
};

// `brokers`: empty for a client that connects to nothing. `batch_bytes`: no batch is larger, so
// that the topics' limits are met. `callbacks` outlives the client.
[[nodiscard]] ClientResult make_client(const KafkaSettings& settings, const std::string& brokers,
                                       std::size_t batch_bytes, ClientCallbacks& callbacks);

}  // namespace rebuf::sinks::kafka
