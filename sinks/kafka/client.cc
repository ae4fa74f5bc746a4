#include "sinks/kafka/client.h"

#include <array>
#include <string_view>
#include <utility>

#include "sinks/kafka/partitioner.h"

namespace rebuf::sinks::kafka {
namespace {

using Property = std::pair<const char*, const char*>;

// Set before the operator's options: only good defaults.
constexpr std::array<Property, 3> defaults{{
    {"batch.num.messages", "100000"},
    {"reconnect.backoff.ms", "50"},
    {"client.id", "rebufd"},
}};

// Set after them: order, loss and detection of outages rest on these.
constexpr std::array<Property, 13> fixed{{
    {"enable.idempotence", "true"},
    {"enable.gapless.guarantee", "true"},  // a failure in the middle stops all that follows
    {"message.timeout.ms", "0"},           // held until acknowledged, however long that takes
    // What arrives during one round trip travels together in the next one: with linger 0 this
    // follows the load by itself, small and quick or large and many.
    {"linger.ms", "0"},
    // Of two, a broker may refuse the first and take the second, where the partition has no history
    // of this producer; librdkafka then reports the first as stored.
    {"max.in.flight", "1"},
    {"socket.timeout.ms", "3000"},  // a frozen broker; lower takes throttling for an outage
    {"reconnect.backoff.max.ms", "500"},
    // With sparse connections every question that waits for a broker asks for a connection whenever
    // one has failed, past the backoff: 12,000 connects a second at a broker that is down.
    {"enable.sparse.connections", "false"},
    {"topic.metadata.propagation.max.ms", "500"},
    // Messages without a key would bypass our partitioner, and go where chance takes them.
    {"sticky.partitioning.linger.ms", "0"},
    // The routes' windows bound what is held; librdkafka's own bound must never be the lower one.
    {"queue.buffering.max.messages", "10000000"},
    {"queue.buffering.max.kbytes", "2147483647"},
    // The topic's own limit is checked before produce().
    {"message.max.bytes", "1000000000"},
}};

void on_log(const rd_kafka_t* rk, int level, const char* /*facility*/, const char* text) {
  // Said of every producer, about a property that we chose knowing it.
  if (std::string_view(text).find("enable.gapless.guarantee is experimental") !=
      std::string_view::npos)
    return;
  constexpr int syslog_error = 3;
  constexpr int syslog_warning = 4;
  constexpr int syslog_info = 6;
  const LogLevel ours = level <= syslog_error     ? LogLevel::error
                        : level <= syslog_warning ? LogLevel::warning
                        : level <= syslog_info    ? LogLevel::info
                                                  : LogLevel::debug;
  static_cast<ClientCallbacks*>(rd_kafka_opaque(rk))->client_log(ours, text);
}

void on_throttle(rd_kafka_t* /*rk*/, const char* /*broker*/, std::int32_t /*id*/, int pause_ms,
                 void* opaque) {
  static_cast<ClientCallbacks*>(opaque)->client_throttled(std::chrono::milliseconds(pause_ms));
}

std::string set(rd_kafka_conf_t* conf, const char* name, const char* value) {
  std::array<char, 512> why{};
  if (rd_kafka_conf_set(conf, name, value, why.data(), why.size()) != RD_KAFKA_CONF_OK)
    return why.data();
  return {};
}

std::string set_all(rd_kafka_conf_t* conf, const KafkaSettings& settings,
                    const std::string& brokers, std::size_t batch_bytes) {
  std::string error;
  const auto apply = [&](const char* name, const char* value) {
    if (error.empty()) error = set(conf, name, value);
  };
  for (const auto& [name, value] : defaults) apply(name, value);
  for (const auto& [name, value] : settings.options) apply(name.c_str(), value.c_str());
  for (const auto& [name, value] : fixed) apply(name, value);
  apply("acks", "all");
  apply("batch.size", std::to_string(batch_bytes).c_str());
  if (!brokers.empty()) apply("bootstrap.servers", brokers.c_str());
  // There is one since `acks`, which belongs to topics.
  if (error.empty() &&
      !set_partitioner(rd_kafka_conf_get_default_topic_conf(conf), settings.partitioner))
    error = "no partitioner is called " + settings.partitioner;
  return error;
}

}  // namespace

ClientResult make_client(const KafkaSettings& settings, const std::string& brokers,
                         std::size_t batch_bytes, ClientCallbacks& callbacks) {
  ClientResult result;
  ConfHandle conf(rd_kafka_conf_new());
  result.error = set_all(conf.get(), settings, brokers, batch_bytes);
  if (!result.error.empty()) return result;
  rd_kafka_conf_set_opaque(conf.get(), &callbacks);
  rd_kafka_conf_set_log_cb(conf.get(), on_log);
  rd_kafka_conf_set_throttle_cb(conf.get(), on_throttle);
  rd_kafka_conf_set_events(conf.get(), RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR);
  std::array<char, 512> why{};
  rd_kafka_t* rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf.get(), why.data(), why.size());
  if (rk == nullptr) {
    result.error = why.data();
    return result;
  }
  (void)conf.release();  // the client owns it now
  result.client.rk.reset(rk);
  result.client.queue.reset(rd_kafka_queue_get_main(rk));
  return result;
}

}  // namespace rebuf::sinks::kafka
