// The real brokers that the tests of a program share: those that REBUF_TEST_KAFKA_DIR names (ctest
// starts them as a fixture), else a cluster of the program's own, which ends with it. Wraps
// tests/kafka/kafka. One thread.
#pragma once

#include <map>
#include <string>

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
  // `kill`, `start`, `stop` or `cont` for one node; see tests/kafka/kafka.
  void run(const std::string& verb, int node = 1);
  // Until all nodes answer.
  void wait();
  // A name that no other test uses.
  [[nodiscard]] std::string fresh_topic();
  // With a replica on every node.
  void create(const std::string& topic, int partitions,
              const std::map<std::string, std::string>& config = {});
  void remove(const std::string& topic);
  // Where the user `limited` (password the same, SASL PLAIN) comes in, who may write to the topics
  // that it was allowed, and not ask about their configuration.
  [[nodiscard]] std::string limited_bootstrap() const;
  void allow_limited_to_write(const std::string& topic);
  // Throttles the producer with this client.id above a rate.
  void limit(const std::string& client_id, std::size_t bytes_per_second);

 private:
  explicit KafkaCluster(int nodes);
  // `environment`: assignments, as a shell takes them before a command.
  void call(const std::string& arguments, const std::string& environment = {});

  bool owned_ = false;
  int nodes_ = 1;
  std::string directory_;
  std::string bootstrap_;
};

}  // namespace rebuf::test
