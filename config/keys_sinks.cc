// The keys of sinks, a table for each type.
#include "config/keys.h"
#include "config/size.h"
#include "config/text_checks.h"

namespace rebuf::config {
namespace {

using std::chrono::days;
using std::chrono::hours;

Table<KafkaSinkConfig> kafka_keys(bool embedded) {
  const ValueType<std::string> any = text_type("text", no_check);
  Table<KafkaSinkConfig> table;
  if (!embedded)
    table.keys.push_back(list("brokers", &KafkaSinkConfig::brokers,
                              text_type("`host:port`", check_brokers), OneAlone::without_brackets,
                              "required"));
  table.keys.push_back(pairs("librdkafka_options", &KafkaSinkConfig::librdkafka_options,
                             text_type("librdkafka property", no_check), any));
  std::vector<std::pair<std::string, std::string>> partitioners;
  for (const char* name : {"murmur2_random", "murmur2", "consistent_random", "consistent",
                           "fnv1a_random", "fnv1a", "random"})
    partitioners.emplace_back(name, name);
  table.keys.push_back(value("partitioner", &KafkaSinkConfig::partitioner,
                             choice_type<std::string>(std::move(partitioners))));
  return table;
}

Table<HttpSinkConfig> batch_keys() {
  return {{value("max_messages", &HttpSinkConfig::batch_max_messages,
                 integer_type<std::uint32_t>(1, 100'000), "`500`; `1` when `format: single`"),
           value("max_bytes", &HttpSinkConfig::batch_max_bytes, size_type(KiB, 256 * MiB)),
           value("format", &HttpSinkConfig::format,
                 choice_type<BatchFormat>({{"single", BatchFormat::single},
                                           {"ndjson", BatchFormat::ndjson},
                                           {"json_array", BatchFormat::json_array}}))},
          {}};
}

Table<HttpSinkConfig> retry_keys() {
  return {{value("min", &HttpSinkConfig::retry_min, duration_type(Milliseconds(10), hours(1))),
           value("max", &HttpSinkConfig::retry_max, duration_type(Milliseconds(10), hours(1)))},
          {}};
}

Table<TlsClient> tls_keys() {
  return {{value("ca", &TlsClient::ca, or_none(path_type())),
           value("cert", &TlsClient::cert, or_none(path_type())),
           value("key", &TlsClient::key, or_none(path_type()))},
          {}};
}

Table<HttpSinkConfig> health_keys() {
  return {{value("path", &HttpSinkConfig::health_path,
                 or_none(text_type("path at the server", check_url_path))),
           value("interval", &HttpSinkConfig::health_interval,
                 duration_type(Milliseconds(100), days(1)))},
          {}};
}

Table<HttpSinkConfig> http_keys() {
  return {
      {value("url", &HttpSinkConfig::url, text_type("URL, http or https", check_url), "required"),
       value("method", &HttpSinkConfig::method,
             choice_type<std::string>({{"POST", "POST"}, {"PUT", "PUT"}, {"PATCH", "PATCH"}})),
       pairs("headers", &HttpSinkConfig::headers, text_type("header name", check_header_name),
             text_type("text", check_header_value)),
       group("batch", batch_keys()),
       value("max_in_flight", &HttpSinkConfig::max_in_flight,
             integer_type<std::uint32_t>(1, 1'000)),
       value("timeout", &HttpSinkConfig::timeout, duration_type(Milliseconds(100), hours(1))),
       group("retry", retry_keys()),
       list("dead_letter_status", &HttpSinkConfig::dead_letter_status, integer_type(400, 499),
            OneAlone::with_brackets),
       value("compression", &HttpSinkConfig::compression,
             choice_type<Compression>({{"none", Compression::none},
                                       {"gzip", Compression::gzip},
                                       {"zstd", Compression::zstd}})),
       section("tls", &HttpSinkConfig::tls, tls_keys()), group("health", health_keys())},
      {}};
}

Table<FileSinkConfig> file_keys() {
  return {{value("path", &FileSinkConfig::path, path_type(), "required")}, {}};
}

struct TypeName {
  SinkType type;
  bool embedded;
  friend bool operator==(const TypeName&, const TypeName&) = default;
};

ValueType<TypeName> type_type() {
  return choice_type<TypeName>({{"kafka", {SinkType::kafka, false}},
                                {"embedded_kafka", {SinkType::kafka, true}},
                                {"http", {SinkType::http, false}},
                                {"file", {SinkType::file, false}}});
}

// Read before the others, because it says which they are.
Key<SinkConfig> type_key() {
  const Leaf leaf{"type", type_type().name, "required"};
  const auto visit = [leaf](Visitor& visitor, const SinkConfig& from) {
    visitor.scalar(leaf, type_type().format({from.type, from.kafka.embedded}));
  };
  return {"type", [](const Reader&, const Entry&, SinkConfig&) {}, visit};
}

void read_sink(const Reader& here, const Entry& entry, Config& config) {
  here.places().begin_section(here.path(), entry.at);
  if (std::optional<Problem> problem = check_name(entry.key)) here.wrong_name(entry.at, *problem);
  SinkConfig sink;
  sink.name = entry.key;
  sink.location = entry.at;
  if (here.is_mapping(*entry.value)) {
    std::optional<TypeName> type;
    if (const Entry* given = entry.value->find("type"))
      type = read_value(here.inside("type"), *given->value, type_type());
    else
      here.mistake(entry.at, "has no `type`", "one of kafka, embedded_kafka, http or file");
    if (type) {
      sink.type = type->type;
      sink.kafka.embedded = type->embedded;
      read_table(here, *entry.value, sink_keys(type->type, type->embedded), sink);
      if (sink.http.format == BatchFormat::single &&
          !here.places().given(here.path() + ".batch.max_messages"))
        sink.http.batch_max_messages = 1;
    } else {
      here.places().mistaken(here.path());
    }
  }
  config.sinks.push_back(std::move(sink));
}

}  // namespace

Table<SinkConfig> sink_keys(SinkType type, bool embedded) {
  Table<SinkConfig> table;
  if (type == SinkType::kafka) table = lift(&SinkConfig::kafka, kafka_keys(embedded));
  if (type == SinkType::http) table = lift(&SinkConfig::http, http_keys());
  if (type == SinkType::file) table = lift(&SinkConfig::file, file_keys());
  table.keys.insert(table.keys.begin(), type_key());
  return table;
}

Key<Draft> sinks_key() {
  const auto read = [](const Reader& here, const Entry& entry, Draft& into) {
    here.places().begin_section(here.path(), entry.at);
    if (!here.is_mapping(*entry.value)) return;
    for (const Entry& sink : entry.value->entries)
      read_sink(here.inside(sink.key), sink, into.config);
  };
  const auto visit = [](Visitor& visitor, const Draft& from) {
    visitor.begin("sinks");
    for (const SinkConfig& sink : from.config.sinks) {
      visitor.begin(sink.name);
      visit_table(visitor, sink_keys(sink.type, sink.kafka.embedded), sink);
      visitor.end();
    }
    visitor.end();
  };
  return {"sinks", read, visit};
}

}  // namespace rebuf::config
