#include "topic_reader.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <memory>
#include <thread>

#include "sinks/kafka/handles.h"

namespace rebuf::test {
namespace {

using sinks::kafka::ClientHandle;
using sinks::kafka::ConfHandle;
using sinks::kafka::QueueHandle;
using sinks::kafka::TopicHandle;
using MessageHandle =
    std::unique_ptr<rd_kafka_message_t, sinks::kafka::Destroy<rd_kafka_message_destroy>>;

using Clock = std::chrono::steady_clock;
constexpr int timeout_ms = 60'000;
constexpr std::chrono::seconds patience{120};

ClientHandle make_consumer(const std::string& bootstrap) {
  std::array<char, 512> why{};
  ConfHandle conf(rd_kafka_conf_new());
  for (const auto& [name, value] :
       {std::pair{"bootstrap.servers", bootstrap.c_str()}, std::pair{"fetch.wait.max.ms", "10"},
        std::pair{"log_level", "2"}})
    REQUIRE(rd_kafka_conf_set(conf.get(), name, value, why.data(), why.size()) == RD_KAFKA_CONF_OK);
  ClientHandle client(rd_kafka_new(RD_KAFKA_CONSUMER, conf.get(), why.data(), why.size()));
  REQUIRE_MESSAGE(client != nullptr, why.data());
  (void)conf.release();
  return client;
}

int partitions_of(rd_kafka_t* rk, rd_kafka_topic_t* topic) {
  const rd_kafka_metadata_t* metadata = nullptr;
  REQUIRE(rd_kafka_metadata(rk, 0, topic, &metadata, timeout_ms) == RD_KAFKA_RESP_ERR_NO_ERROR);
  const int count = metadata->topics[0].partition_cnt;
  rd_kafka_metadata_destroy(metadata);
  return count;
}

Stored stored(const rd_kafka_message_t& message) {
  Stored result;
  result.value.assign(static_cast<const char*>(message.payload), message.len);
  if (message.key != nullptr)
    result.key = std::string(static_cast<const char*>(message.key), message.key_len);
  result.timestamp_ms = rd_kafka_message_timestamp(&message, nullptr);
  result.partition = message.partition;
  result.offset = message.offset;
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return result;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0;
       rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i)
    result.headers[name] = std::string(static_cast<const char*>(value), size);
  return result;
}

// One behind the last message that was acknowledged before the call; 0 when none is there. The end
// that a consumer meets (enable.partition.eof) is not that: a broker that became the leader a
// moment ago hides the last messages until the other replicas have asked it for more. Asked for the
// end it says that it does not know yet.
std::int64_t end_of(rd_kafka_t* rk, const std::string& topic, std::int32_t partition) {
  const auto deadline = Clock::now() + patience;
  std::int64_t begin = 0;
  std::int64_t end = 0;
  while (true) {
    const rd_kafka_resp_err_t error =
        rd_kafka_query_watermark_offsets(rk, topic.c_str(), partition, &begin, &end, timeout_ms);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return begin == end ? 0 : end;
    REQUIRE_MESSAGE(Clock::now() < deadline, rd_kafka_err2str(error));
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

// Of all partitions at once, until the end of each.
std::vector<std::vector<Stored>> read_all(rd_kafka_t* rk, rd_kafka_topic_t* topic, int partitions) {
  std::vector<std::int64_t> ends(static_cast<std::size_t>(partitions));
  for (std::int32_t partition = 0; partition < partitions; ++partition)
    ends[static_cast<std::size_t>(partition)] = end_of(rk, rd_kafka_topic_name(topic), partition);
  const QueueHandle queue(rd_kafka_queue_new(rk));
  for (std::int32_t partition = 0; partition < partitions; ++partition)
    REQUIRE(rd_kafka_consume_start_queue(topic, partition, RD_KAFKA_OFFSET_BEGINNING,
                                         queue.get()) == 0);
  std::vector<std::vector<Stored>> read(ends.size());
  const auto deadline = Clock::now() + patience;
  auto left = std::ranges::count_if(ends, [](std::int64_t end) { return end > 0; });
  while (left > 0) {
    const MessageHandle message(rd_kafka_consume_queue(queue.get(), timeout_ms));
    REQUIRE(Clock::now() < deadline);
    if (message == nullptr) continue;
    REQUIRE_MESSAGE(message->err == RD_KAFKA_RESP_ERR_NO_ERROR, rd_kafka_err2str(message->err));
    const auto partition = static_cast<std::size_t>(message->partition);
    read.at(partition).push_back(stored(*message));
    if (message->offset + 1 == ends.at(partition)) --left;
  }
  for (std::int32_t partition = 0; partition < partitions; ++partition)
    (void)rd_kafka_consume_stop(topic, partition);
  return read;
}

}  // namespace

std::vector<Stored> read_topic(const std::string& bootstrap, const std::string& topic) {
  const ClientHandle consumer = make_consumer(bootstrap);
  const TopicHandle handle(rd_kafka_topic_new(consumer.get(), topic.c_str(), nullptr));
  std::vector<Stored> all;
  const int partitions = partitions_of(consumer.get(), handle.get());
  for (std::vector<Stored>& partition : read_all(consumer.get(), handle.get(), partitions))
    std::move(partition.begin(), partition.end(), std::back_inserter(all));
  return all;
}

}  // namespace rebuf::test
