// One librdkafka producer with the properties that the promises rest on. Made and destroyed by the
// sink's poller; librdkafka itself allows calls from any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "sinks/kafka/handles.h"
#include "sinks/kafka/kafka_sink.h"
#include "sinks/kafka/linger.h"

namespace rebuf::sinks::kafka {

// What librdkafka says besides its events. Called on librdkafka's threads (log, answered) or on the
// thread that polls (throttled).
class ClientCallbacks {
 public:
  virtual ~ClientCallbacks() = default;
  virtual void client_log(LogLevel level, const char* text) = 0;
  virtual void client_throttled(std::chrono::milliseconds pause) = 0;
  // A broker answered a question of any kind. `broker`: -1 while it is not known which one it is.
  virtual void client_answered(std::int32_t broker, std::chrono::microseconds round_trip) = 0;
};

// What librdkafka puts into one request at most.
struct BatchLimits {
  std::size_t bytes = 0;
  std::size_t messages = 0;
};

// How the brokers are reached. `near`: one request to a broker is under way, whatever it carries.
// `far`: several, and whoever produces sees to it that no two are of one partition (turns.h).
enum class Way : std::uint8_t { near, far };
inline constexpr std::size_t far_requests = 5;  // the most that an idempotent producer may have

// A member that goes later may be used by one that goes earlier: `rk` stands first.
struct Client {
  ClientHandle rk;
  QueueHandle queue;  // delivery reports, errors, answers of the admin API
  BatchLimits limits;
  std::unique_ptr<Linger> linger;
};

struct ClientResult {
  Client client;
  std::string error;  // empty: made
};

// Why librdkafka would make no client of these settings; empty: it would.
[[nodiscard]] std::string why_no_client(const KafkaSettings& settings);

// `batch_bytes`: no batch is larger, so that the topics' limits are met. `callbacks` outlives the
// client.
[[nodiscard]] ClientResult make_client(const KafkaSettings& settings, const std::string& brokers,
                                       std::size_t batch_bytes, Way way,
                                       ClientCallbacks& callbacks);

}  // namespace rebuf::sinks::kafka
