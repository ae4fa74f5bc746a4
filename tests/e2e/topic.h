// Kafka as the downstream of a run: topics of a test's own on the shared cluster of three brokers,
// and what arrived in them.
#pragma once

#include <string>
#include <vector>

#include "ledger.h"
#include "tests/support/kafka_cluster.h"

namespace rebuf::e2e {

class Topic {
 public:
  // Fresh, with a replica on every broker.
  Topic(test::KafkaCluster& cluster, int partitions);
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] int partitions() const { return partitions_; }
  // Writes a mark behind them, which it leaves out (topic_reader.h).
  [[nodiscard]] std::vector<Arrival> arrivals() const;

 private:
  test::KafkaCluster& cluster_;
  const int partitions_;
  const std::string name_;
};

// The `sinks:` block with one Kafka sink, `kafka`.
[[nodiscard]] std::string kafka_sink(const test::KafkaCluster& cluster);

}  // namespace rebuf::e2e
