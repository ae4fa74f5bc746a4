// For the tests of the Kafka sink: what every sink's tests share, and sinks to test.
#pragma once

#include <memory>
#include <utility>

#include "sinks/kafka/kafka_sink.h"
#include "tests/sinks/recorder.h"

namespace rebuf::sinks::test {

inline KafkaSettings embedded_settings() {
  KafkaSettings settings;
  settings.embedded = true;
  return settings;
}

// A sink with its settings and a place for its log lines.
inline std::unique_ptr<KafkaSink> make_sink(KafkaSettings settings) {
  settings.name = "test";
  auto made = make_kafka_sink(
      std::move(settings), [](LogLevel, std::string_view) {}, nullptr);
  REQUIRE_MESSAGE(made.sink != nullptr, made.error);
  return std::move(made.sink);
}

}  // namespace rebuf::sinks::test
