// The real broker that the tests of this program share: the one that REBUF_TEST_KAFKA_DIR names
// (ctest starts it), else one of its own.
#pragma once

#include <map>
#include <string>

namespace rebuf::sinks::test {

class Broker {
 public:
  // Running and answering, whatever the test before did to it.
  static Broker& get();
  ~Broker();
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;

  [[nodiscard]] const std::string& bootstrap() const { return bootstrap_; }
  // `kill`, `start`, `wait`, `stop`, `cont` of tests/kafka/kafka, for its only node.
  void run(const std::string& verb);
  // A name that no other test uses.
  [[nodiscard]] std::string fresh_topic();
  void create(const std::string& topic, int partitions,
              const std::map<std::string, std::string>& config = {});
  void remove(const std::string& topic);
  // Throttles the producer with this client.id above a rate.
  void limit(const std::string& client_id, std::size_t bytes_per_second);

 private:
  Broker();
  void call(const std::string& arguments);

  bool owned_ = false;
  std::string directory_;
  std::string bootstrap_;
};

}  // namespace rebuf::sinks::test
