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
        std::pair{"linger.ms", "0"}, std::pair{"socket.timeout.ms", "2000"},
        std::pair{"log_level", "2"}})
    REQUIRE(rd_kafka_conf_set(conf.get(), name, value, why.data(), why.size()) == RD_KAFKA_CONF_OK);
  rd_kafka_conf_set_dr_msg_cb(
      conf.get(), [](rd_kafka_t* /*rk*/, const rd_kafka_message_t* message, void* /*opaque*/) {
        CHECK_MESSAGE(message->err == RD_KAFKA_RESP_ERR_NO_ERROR, rd_kafka_err2str(message->err));
      });
  sinks::kafka::ClientHandle client(
      rd_kafka_new(RD_KAFKA_PRODUCER, conf.get(), why.data(), why.size()));
  REQUIRE_MESSAGE(client != nullptr, why.data());
  (void)conf.release();
  return client;
}

// One message at a time to each partition.
struct Writer {
  explicit Writer(int partitions) : topic(cluster, partitions) {}

  void write() {
    for (std::int32_t partition = 0; partition < topic.partitions(); ++partition)
      REQUIRE(rd_kafka_produce(handle.get(), partition, RD_KAFKA_MSG_F_COPY, const_cast<char*>("x"),
                               1, nullptr, 0, nullptr) == 0);
    REQUIRE(rd_kafka_flush(producer.get(), 100'000) == RD_KAFKA_RESP_ERR_NO_ERROR);
    acknowledged += static_cast<std::size_t>(topic.partitions());
  }

  [[nodiscard]] std::int32_t leader() const {
    const rd_kafka_metadata_t* metadata = nullptr;
    REQUIRE(rd_kafka_metadata(producer.get(), 0, handle.get(), &metadata, 100'000) ==
            RD_KAFKA_RESP_ERR_NO_ERROR);
    const std::int32_t leader = metadata->topics[0].partitions[0].leader;
    rd_kafka_metadata_destroy(metadata);
    return leader;
  }

  test::KafkaCluster& cluster = test::KafkaCluster::get(3);
  const Topic topic;
  const sinks::kafka::ClientHandle producer = make_producer(cluster.bootstrap());
  const sinks::kafka::TopicHandle handle{
      rd_kafka_topic_new(producer.get(), topic.name().c_str(), nullptr)};
  std::size_t acknowledged = 0;
};

TEST_CASE(
    "a topic is read to the last message that was acknowledged, also while its leaders move") {
  Writer writer(1);
  auto elections =
      std::async(std::launch::async, [&] { writer.cluster.elect(writer.topic.name(), 20); });
  do {
    writer.write();
    CHECK(writer.topic.arrivals().size() == writer.acknowledged);
  } while (elections.wait_for(0s) != std::future_status::ready);
  elections.get();
}

TEST_CASE("a broker that led before it was frozen does not know the last messages: others tell") {
  constexpr int frozen = 2;
  Writer writer(1);
  while (writer.leader() != frozen) writer.cluster.elect(writer.topic.name(), 1);
  writer.write();
  writer.cluster.run("stop", frozen);
  writer.write();
  for (const int other : {1, 3}) writer.cluster.run("stop", other);
  writer.cluster.run("cont", frozen);
  auto reading = std::async(std::launch::async, [&] {
    const std::string bootstrap = writer.cluster.hosts()[frozen - 1] + ":9092";
    return test::read_topic_to_mark(bootstrap, writer.topic.name()).size();
  });
  CHECK(reading.wait_for(5s) == std::future_status::timeout);
  for (const int other : {1, 3}) writer.cluster.run("cont", other);
  CHECK(reading.get() == writer.acknowledged);
}

}  // namespace
}  // namespace rebuf::e2e
