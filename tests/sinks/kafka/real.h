// A sink on the real broker with one channel whose topic is fresh.
#pragma once

#include "recorder.h"
#include "tests/support/kafka_cluster.h"
#include "tests/support/topic_reader.h"

namespace rebuf::sinks::test {

using rebuf::test::KafkaCluster;
using rebuf::test::read_topic;
using rebuf::test::Stored;

struct Real {
  KafkaCluster& broker = KafkaCluster::get();
  std::string topic = broker.fresh_topic();
  Messages messages{topic};
  Recorder recorder;
  std::unique_ptr<KafkaSink> sink = make_sink(settings(broker));
  std::unique_ptr<Channel> channel;

  void attach() { channel = sink->attach({.route = "r", .topic = topic}, recorder); }
  ~Real() {
    if (channel != nullptr) channel->stop(in(milliseconds(0)));
  }
  static KafkaSettings settings(const KafkaCluster& broker) {
    KafkaSettings settings;
    settings.brokers = broker.bootstrap();
    return settings;
  }
  // The numbers that the topic holds, in order, of add_numbered() without padding.
  [[nodiscard]] std::vector<std::string> stored_values() const {
    std::vector<std::string> values;
    for (Stored& stored : read_topic(broker.bootstrap(), topic))
      values.push_back(stored.value.substr(0, stored.value.find('.')));
    return values;
  }
};

inline std::vector<std::string> numbers(std::size_t count) {
  std::vector<std::string> values;
  for (std::size_t i = 0; i < count; ++i) values.push_back(std::to_string(i));
  return values;
}

}  // namespace rebuf::sinks::test
