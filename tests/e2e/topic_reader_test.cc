// That the judge sees all there is to see.
#include "tests/support/topic_reader.h"

#include <doctest/doctest.h>

#include <array>
#include <future>

#include "sinks/kafka/handles.h"
#include "topic.h"

namespace rebuf::e2e {
namespace {

using namespace std::chrono_literals;

sinks::kafka::ClientHandle make_producer(const std::string& bootstrap) {
  std::array<char, 512> why{};
  sinks::kafka::ConfHandle conf(rd_kafka_conf_new());
  for (const auto& [name, value] :
       {std::pair{"bootstrap.servers", bootstrap.c_str()}, std::pair{"enable.idempotence", "true"},
        std::pair{"linger.ms", "0"}, std::pair{"log_level", "2"}})
    REQUIRE(rd_kafka_conf_set(conf.get(), name, value, why.data(), why.size()) == RD_KAFKA_CONF_OK);
  sinks::kafka::ClientHandle client(
      rd_kafka_new(RD_KAFKA_PRODUCER, conf.get(), why.data(), why.size()));
  REQUIRE_MESSAGE(client != nullptr, why.data());
  (void)conf.release();
  return client;
}

TEST_CASE(
    "a topic is read to the last message that was acknowledged, also while its leaders move") {
  test::KafkaCluster& cluster = test::KafkaCluster::get(3);
  const Topic topic(cluster, 1);
  const auto producer = make_producer(cluster.bootstrap());
  const sinks::kafka::TopicHandle handle(
      rd_kafka_topic_new(producer.get(), topic.name().c_str(), nullptr));
  auto elections = std::async(std::launch::async, [&] { cluster.elect(topic.name(), 20); });
  std::size_t acknowledged = 0;
  do {
    REQUIRE(rd_kafka_produce(handle.get(), 0, RD_KAFKA_MSG_F_COPY, const_cast<char*>("x"), 1,
                             nullptr, 0, nullptr) == 0);
    REQUIRE(rd_kafka_flush(producer.get(), 100'000) == RD_KAFKA_RESP_ERR_NO_ERROR);
    ++acknowledged;
    CHECK(test::read_topic(cluster.bootstrap(), topic.name()).size() == acknowledged);
  } while (elections.wait_for(0s) != std::future_status::ready);
  elections.get();
}

}  // namespace
}  // namespace rebuf::e2e
