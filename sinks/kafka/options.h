// Judges librdkafka properties before a sink is made with them. Any thread; no network I/O.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sinks/kafka/kafka_sink.h"

namespace rebuf::sinks {

struct KafkaOptionProblem {
  bool unknown = false;  // librdkafka has no such property
  std::string what;      // follows the name: "is set by rebufd itself (acks)"
  std::string hint;      // what would be right; may be empty
};

// Nothing when the sink can do with this property and librdkafka takes the value. A property counts
// as what it is an alias of.
[[nodiscard]] std::optional<KafkaOptionProblem> check_kafka_option(const std::string& name,
                                                                   const std::string& value);

// The properties of a producer that are known to librdkafka.
[[nodiscard]] std::vector<std::string> kafka_option_names();

// What librdkafka says against all the properties together, for which it reads the files that they
// name; empty: nothing. Looks at no brokers.
[[nodiscard]] std::string check_kafka_settings(const KafkaSettings& settings);

}  // namespace rebuf::sinks
