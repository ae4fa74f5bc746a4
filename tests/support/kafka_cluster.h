// The real brokers that the tests of a program share: those that REBUF_TEST_KAFKA_DIR names (ctest
// starts them as a fixture), else a cluster of the program's own, which ends with it. Wraps
// tests/kafka/kafka. One thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/support/kafka_admin.h"

namespace rebuf::test {

class KafkaCluster {
 public:
  // All nodes running and answering, whatever the test before did to them. `nodes` counts when the
  // cluster is the program's own.
  static KafkaCluster& get(int nodes = 1);
  ~KafkaCluster();
  KafkaCluster(const KafkaCluster&) = delete;
  KafkaCluster& operator=(const KafkaCluster&) = delete;

  [[nodiscard]] const std::string& bootstrap() const { return bootstrap_; }
  [[nodiscard]] int nodes() const { return nodes_; }
  // `kill`, `start`, `stop`, `cont` or `full` for one node; see tests/kafka/kafka.
  void run(const std::string& verb, int node = 1);
  // Until all nodes answer.
  void wait();
  // A name that no other test uses.
  [[nodiscard]] std::string fresh_topic();
  // With a replica on every node.
  void create(const std::string& topic, int partitions, const TopicConfig& config = {});
  // Returns when no node has it any more: until then its leader takes messages, and they are gone.
  void remove(const std::string& topic);
  [[nodiscard]] KafkaAdmin& admin();
  // Where the user `gateway` (see tests/kafka/kafka) comes in without a proxy.
  [[nodiscard]] std::string gateway_bootstrap() const;
  // Throttles the producer with this client.id above a rate, or no longer. Takes seconds.
  void limit(const std::string& client_id, std::optional<std::size_t> bytes_per_second);
  // Gives each partition another leader, so many times. Takes seconds.
  void elect(const std::string& topic, int rounds);
  // What a node demands of the user `gateway` from its next start on; "secret" at first.
  void set_gateway_password(const std::string& password);
  // The nodes' addresses, in the order of their numbers.
  [[nodiscard]] std::vector<std::string> hosts() const;

 private:
  explicit KafkaCluster(int nodes);
  // `environment`: assignments, as a shell takes them before a command.
  void call(const std::string& arguments);
  [[nodiscard]] bool has_partition_of(const std::string& topic) const;

  bool owned_ = false;
  int nodes_ = 1;
  std::string directory_;
  std::string bootstrap_;
  std::optional<KafkaAdmin> admin_;
};

}  // namespace rebuf::test
