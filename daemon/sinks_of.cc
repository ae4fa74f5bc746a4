#include "daemon/sinks_of.h"

#include <utility>

#include "daemon/measured_sink.h"
#include "sinks/file/file_sink.h"
#include "sinks/http/http_sink.h"

namespace rebuf::daemon {
namespace {

std::string joined(const std::vector<std::string>& parts) {
  std::string all;
  for (const std::string& part : parts) all += (all.empty() ? "" : ",") + part;
  return all;
}

std::string type_name(const config::SinkConfig& settings) {
  switch (settings.type) {
    case config::SinkType::kafka:
      return settings.kafka.embedded ? "embedded_kafka" : "kafka";
    case config::SinkType::http:
      return "http";
    case config::SinkType::file:
      return "file";
  }
  return "unknown";
}

sinks::KafkaSettings kafka_settings(const config::SinkConfig& sink) {
  sinks::KafkaSettings settings;
  settings.name = sink.name;
  settings.brokers = joined(sink.kafka.brokers);
  settings.options = sink.kafka.librdkafka_options;
  settings.partitioner = sink.kafka.partitioner;
  settings.embedded = sink.kafka.embedded;
  return settings;
}

sinks::HttpFormat http_format(config::BatchFormat format) {
  switch (format) {
    case config::BatchFormat::single:
      return sinks::HttpFormat::single;
    case config::BatchFormat::ndjson:
      return sinks::HttpFormat::ndjson;
    case config::BatchFormat::json_array:
      return sinks::HttpFormat::json_array;
  }
  return sinks::HttpFormat::ndjson;
}

sinks::HttpCompression http_compression(config::Compression compression) {
  switch (compression) {
    case config::Compression::none:
      return sinks::HttpCompression::none;
    case config::Compression::gzip:
      return sinks::HttpCompression::gzip;
    case config::Compression::zstd:
      return sinks::HttpCompression::zstd;
  }
  return sinks::HttpCompression::none;
}

sinks::HttpSettings http_settings(const config::SinkConfig& sink) {
  const config::HttpSinkConfig& http = sink.http;
  sinks::HttpSettings settings;
  settings.name = sink.name;
  settings.url = http.url;
  settings.method = http.method;
  settings.headers = http.headers;
  settings.format = http_format(http.format);
  settings.batch_max_messages = http.batch_max_messages;
  settings.batch_max_bytes = http.batch_max_bytes;
  settings.max_in_flight = http.max_in_flight;
  settings.timeout = http.timeout;
  settings.retry_min = http.retry_min;
  settings.retry_max = http.retry_max;
  settings.dead_letter_status = http.dead_letter_status;
  settings.compression = http_compression(http.compression);
  settings.ca = http.tls.ca;
  settings.cert = http.tls.cert;
  settings.key = http.tls.key;
  settings.health_path = http.health_path;
  return settings;
}

// What a sink is made with besides its settings.
struct Ears {
  sinks::Logger log;
  sinks::DeliveryObserver observer;
};

struct Made {
  std::unique_ptr<sinks::Sink> sink;  // null: `error` says why
  sinks::KafkaSink* embedded = nullptr;
  std::string error;
};

Made make(const config::SinkConfig& sink, const Ears& ears) {
  switch (sink.type) {
    case config::SinkType::kafka: {
      auto made = sinks::make_kafka_sink(kafka_settings(sink), ears.log, ears.observer);
      sinks::KafkaSink* const embedded = sink.kafka.embedded ? made.sink.get() : nullptr;
      return {std::move(made.sink), embedded, made.error};
    }
    case config::SinkType::http: {
      auto made = sinks::make_http_sink(http_settings(sink), ears.log, ears.observer);
      return {std::move(made.sink), nullptr, made.error};
    }
    case config::SinkType::file:
      return {
          sinks::make_file_sink({sink.name, sink.file.path}, ears.log, ears.observer), nullptr, {}};
  }
  return {nullptr, nullptr, "unknown type"};
}

}  // namespace

Result<RunningSink> make_sink(const config::SinkConfig& settings, const Logging& logging) {
  RunningSink running;
  running.settings = settings;
  running.name = settings.name;
  running.type = type_name(settings);
  running.metrics = std::make_unique<SinkMetrics>();
  // A sink names itself in what it says.
  Made made = make(settings, {logging.sinks_logger("rebufd"),
                              [&metrics = *running.metrics](double seconds, std::size_t messages) {
                                metrics.delivery.observe(seconds, messages);
                              }});
  if (!made.sink)
    return Status(Code::invalid_argument, "sink " + settings.name + ": " + made.error);
  running.embedded = made.embedded;
  running.sink = std::make_unique<MeasuredSink>(std::move(made.sink), *running.metrics);
  return running;
}

}  // namespace rebuf::daemon
