#include "sinks/kafka/client.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>
#include <system_error>
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
    // Of what is in no hurry (linger.h). Of the rest, what arrives during one round trip travels
    // together in the next one.
    {"linger.ms", "1"},
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
    {"log_level", "6"},  // some of it is acted upon
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

rd_kafka_resp_err_t on_response(rd_kafka_t* /*rk*/, int /*socket*/, const char* /*name*/,
                                std::int32_t broker, std::int16_t /*api_key*/,
                                std::int16_t /*api_version*/, std::int32_t /*number*/,
                                std::size_t /*bytes*/, std::int64_t round_trip_us,
                                rd_kafka_resp_err_t /*error*/, void* callbacks) {
  if (round_trip_us >= 0)
    static_cast<ClientCallbacks*>(callbacks)->client_answered(
        broker, std::chrono::microseconds(round_trip_us));
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t on_new(rd_kafka_t* rk, const rd_kafka_conf_t* /*conf*/, void* callbacks,
                           char* /*why*/, std::size_t /*why_bytes*/) {
  return rd_kafka_interceptor_add_on_response_received(rk, "rebuf", on_response, callbacks);
}

std::string property(rd_kafka_t* rk, const char* name) {
  std::size_t bytes = 0;
  (void)rd_kafka_conf_get(rd_kafka_conf(rk), name, nullptr, &bytes);
  std::string value(bytes, '\0');
  (void)rd_kafka_conf_get(rd_kafka_conf(rk), name, value.data(), &bytes);
  return value.c_str();  // `bytes` counts a final zero
}

// librdkafka counts the request's header, with topic (249 bytes at most) and client.id, as a part
// of the batch.
BatchLimits batch_limits(rd_kafka_t* rk, std::size_t batch_bytes) {
  constexpr std::size_t rest_of_header_bytes = 1024;
  const std::size_t header_bytes = rest_of_header_bytes + property(rk, "client.id").size();
  return {.bytes = batch_bytes - std::min(batch_bytes, header_bytes),
          .messages = std::strtoull(property(rk, "batch.num.messages").c_str(), nullptr, 10)};
}

std::string set(rd_kafka_conf_t* conf, const char* name, const char* value) {
  std::array<char, 512> why{};
  if (rd_kafka_conf_set(conf, name, value, why.data(), why.size()) != RD_KAFKA_CONF_OK)
    return why.data();
  return {};
}

std::string set_all(rd_kafka_conf_t* conf, const KafkaSettings& settings,
                    const std::string& brokers, std::size_t batch_bytes, Way way) {
  std::string error;
  const auto apply = [&](const char* name, const char* value) {
    if (error.empty()) error = set(conf, name, value);
  };
  for (const auto& [name, value] : defaults) apply(name, value);
  for (const auto& [name, value] : settings.options) apply(name.c_str(), value.c_str());
  for (const auto& [name, value] : fixed) apply(name, value);
  apply("acks", "all");
  // Of two requests with one partition's messages, a broker may refuse the first and take the
  // second, where the partition has no history of this producer; librdkafka then reports the first
  // as stored.
  apply("max.in.flight", way == Way::near ? "1" : std::to_string(far_requests).c_str());
  apply("batch.size", std::to_string(batch_bytes).c_str());
  if (!brokers.empty()) apply("bootstrap.servers", brokers.c_str());
  // There is one since `acks`, which belongs to topics.
  if (error.empty() &&
      !set_partitioner(rd_kafka_conf_get_default_topic_conf(conf), settings.partitioner))
    error = "no partitioner is called " + settings.partitioner;
  return error;
}

}  // namespace

std::string why_no_client(const KafkaSettings& settings) {
  constexpr std::size_t any_batch_bytes = 1'000'000;
  ConfHandle conf(rd_kafka_conf_new());
  std::string error = set_all(conf.get(), settings, {}, any_batch_bytes, Way::near);
  if (!error.empty()) return error;
  rd_kafka_conf_set_log_cb(conf.get(), nullptr);
  std::array<char, 512> why{};
  const ClientHandle client(rd_kafka_new(RD_KAFKA_PRODUCER, conf.get(), why.data(), why.size()));
  if (client == nullptr) return why.data();
  (void)conf.release();  // the client owns it
  return {};
}

ClientResult make_client(const KafkaSettings& settings, const std::string& brokers,
                         std::size_t batch_bytes, Way way, ClientCallbacks& callbacks) {
  ClientResult result;
  // When no client can be made, librdkafka 2.0.2 frees the interceptors of its configuration, and
  // once more with that. So whether one can be made is tried without them.
  result.error = why_no_client(settings);
  if (!result.error.empty()) return result;
  ConfHandle conf(rd_kafka_conf_new());
  result.error = set_all(conf.get(), settings, brokers, batch_bytes, way);
  if (!result.error.empty()) return result;
  rd_kafka_conf_set_opaque(conf.get(), &callbacks);
  rd_kafka_conf_set_log_cb(conf.get(), on_log);
  rd_kafka_conf_set_throttle_cb(conf.get(), on_throttle);
  // Fails only for a name that is taken.
  (void)rd_kafka_conf_interceptor_add_on_new(conf.get(), "rebuf", on_new, &callbacks);
  rd_kafka_conf_set_events(conf.get(), RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR);
  std::array<char, 512> why{};
  rd_kafka_t* rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf.get(), why.data(), why.size());
  (void)conf.release();  // the client owns it; or it is lost, for it cannot be freed
  if (rk == nullptr) {
    result.error = why.data();
    return result;
  }
  result.client.rk.reset(rk);
  result.client.queue.reset(rd_kafka_queue_get_main(rk));
  result.client.limits = batch_limits(rk, batch_bytes);
  try {
    result.client.linger = std::make_unique<Linger>(rk);
  } catch (const std::system_error& error) {  // no thread is to be had
    return {.client = {}, .error = error.what()};
  }
  return result;
}

}  // namespace rebuf::sinks::kafka
