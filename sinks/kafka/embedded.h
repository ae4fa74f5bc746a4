// librdkafka's mock cluster with one broker, in this process. Owned by the sink; any thread. It has
// a client of its own, so that it lives on when the producer is made again.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "sinks/kafka/handles.h"
// Needs what handles.h includes.
#include <librdkafka/rdkafka_mock.h>

namespace rebuf::sinks::kafka {

class EmbeddedCluster {
 public:
  // Null, with the reason in `error`, when librdkafka refuses.
  [[nodiscard]] static std::unique_ptr<EmbeddedCluster> make(std::string& error);

  // Takes a client that was made with test.mock.num.brokers.
  explicit EmbeddedCluster(ClientHandle owner);

  [[nodiscard]] std::string bootstrap() const;
  void create_topic(const std::string& topic);  // 3 partitions; nothing when it is there
  void set_up(bool up);
  [[nodiscard]] bool up() const { return up_; }

 private:
  ClientHandle owner_;  // of cluster_
  rd_kafka_mock_cluster_t* cluster_;
  std::atomic<bool> up_{true};
};

}  // namespace rebuf::sinks::kafka
