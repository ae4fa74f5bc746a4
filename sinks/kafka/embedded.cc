#include "sinks/kafka/embedded.h"

#include <array>
#include <utility>

namespace rebuf::sinks::kafka {
namespace {

constexpr std::int32_t broker = 1;
constexpr int partitions = 3;

}  // namespace

std::unique_ptr<EmbeddedCluster> EmbeddedCluster::make(std::string& error) {
  std::array<char, 512> why{};
  ConfHandle conf(rd_kafka_conf_new());
  if (rd_kafka_conf_set(conf.get(), "test.mock.num.brokers", "1", why.data(), why.size()) !=
          RD_KAFKA_CONF_OK ||
      rd_kafka_conf_set(conf.get(), "log_level", "2", why.data(), why.size()) != RD_KAFKA_CONF_OK) {
    error = why.data();
    return nullptr;
  }
  ClientHandle owner(rd_kafka_new(RD_KAFKA_PRODUCER, conf.get(), why.data(), why.size()));
  if (owner == nullptr) {
    error = why.data();
    return nullptr;
  }
  (void)conf.release();  // the client owns it now
  return std::make_unique<EmbeddedCluster>(std::move(owner));
}

EmbeddedCluster::EmbeddedCluster(ClientHandle owner)
    : owner_(std::move(owner)), cluster_(rd_kafka_handle_mock_cluster(owner_.get())) {}

std::string EmbeddedCluster::bootstrap() const {
  return rd_kafka_mock_cluster_bootstraps(cluster_);
}

void EmbeddedCluster::create_topic(const std::string& topic) {
  // A topic that exists already is what is wanted.
  (void)rd_kafka_mock_topic_create(cluster_, topic.c_str(), partitions, 1);
}

void EmbeddedCluster::set_up(bool up) {
  up_ = up;
  // Both fail only for a broker that does not exist.
  if (up)
    (void)rd_kafka_mock_broker_set_up(cluster_, broker);
  else
    (void)rd_kafka_mock_broker_set_down(cluster_, broker);
}

}  // namespace rebuf::sinks::kafka
