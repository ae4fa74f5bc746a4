// What tests change in a Kafka cluster while it runs, by librdkafka's Admin API (Kafka's own tools
// take seconds a call). Each call has taken effect at the controller when it returns, and fails the
// test when the cluster refuses. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "sinks/kafka/handles.h"

namespace rebuf::test {

using TopicConfig = std::map<std::string, std::string>;

// What the user `gateway` (see tests/kafka/kafka) may do with a topic.
enum class Gateway : std::uint8_t {
  does_all,     // as at first
  only_writes,  // and may not ask about its configuration
  does_nothing,
};

class KafkaAdmin {
 public:
  explicit KafkaAdmin(const std::string& bootstrap);

  void create(const std::string& topic, int partitions, int replicas, const TopicConfig& config);
  void remove(const std::string& topic);
  // Its whole configuration; what is not named gets its default again.
  void configure(const std::string& topic, const TopicConfig& config);
  void let_gateway(const std::string& topic, Gateway right);

 private:
  // The one result of the request whose answer comes next.
  [[nodiscard]] rd_kafka_resp_err_t answer();

  sinks::kafka::ClientHandle client_;
  sinks::kafka::QueueHandle queue_;
};

}  // namespace rebuf::test
