#include "topic_reader.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <iterator>
#include <memory>
#include <set>
#include <string_view>
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

void check_delivered(rd_kafka_t* /*rk*/, const rd_kafka_message_t* message, void* /*opaque*/) {
  CHECK_MESSAGE(message->err == RD_KAFKA_RESP_ERR_NO_ERROR, rd_kafka_err2str(message->err));
}

using Options = std::map<std::string, std::string>;

ClientHandle make_client(rd_kafka_type_t type, const std::string& bootstrap, Options options) {
  options.insert({{"bootstrap.servers", bootstrap}, {"log_level", "2"}});
  std::array<char, 512> why{};
  ConfHandle conf(rd_kafka_conf_new());
  for (const auto& [name, value] : options)
    REQUIRE(rd_kafka_conf_set(conf.get(), name.c_str(), value.c_str(), why.data(), why.size()) ==
            RD_KAFKA_CONF_OK);
  if (type == RD_KAFKA_PRODUCER) rd_kafka_conf_set_dr_msg_cb(conf.get(), check_delivered);
  ClientHandle client(rd_kafka_new(type, conf.get(), why.data(), why.size()));
  REQUIRE_MESSAGE(client != nullptr, why.data());
  (void)conf.release();  // the client owns it now
  return client;
}

ClientHandle make_consumer(const std::string& bootstrap) {
  return make_client(RD_KAFKA_CONSUMER, bootstrap, {{"fetch.wait.max.ms", "10"}});
}

// A broker that was frozen when the topic was made does not know it yet.
int partitions_of(rd_kafka_t* rk, rd_kafka_topic_t* topic) {
  const auto deadline = Clock::now() + patience;
  while (true) {
    const rd_kafka_metadata_t* metadata = nullptr;
    REQUIRE(rd_kafka_metadata(rk, 0, topic, &metadata, timeout_ms) == RD_KAFKA_RESP_ERR_NO_ERROR);
    const rd_kafka_resp_err_t error = metadata->topics[0].err;
    const int count = metadata->topics[0].partition_cnt;
    rd_kafka_metadata_destroy(metadata);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR && count > 0) return count;
    REQUIRE_MESSAGE(Clock::now() < deadline, rd_kafka_err2str(error));
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
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

// Written behind all others of its partition by one reading; no reading returns it.
constexpr std::string_view mark_key = "the end of a reading";

bool is_mark(const Stored& message) { return message.key == mark_key; }

// Returns the partitions.
std::set<std::int32_t> write_marks(const std::string& bootstrap, const std::string& topic,
                                   const std::string& mark) {
  const ClientHandle producer = make_client(
      RD_KAFKA_PRODUCER, bootstrap,
      {{"enable.idempotence", "true"}, {"socket.timeout.ms", "2000"}});  // a broker may be frozen
  const TopicHandle handle(rd_kafka_topic_new(producer.get(), topic.c_str(), nullptr));
  const int partitions = partitions_of(producer.get(), handle.get());
  std::set<std::int32_t> marked;
  for (std::int32_t partition = 0; partition < partitions; ++partition) {
    REQUIRE(rd_kafka_produce(handle.get(), partition, RD_KAFKA_MSG_F_COPY,
                             const_cast<char*>(mark.data()), mark.size(), mark_key.data(),
                             mark_key.size(), nullptr) == 0);
    marked.insert(partition);
  }
  REQUIRE(rd_kafka_flush(producer.get(), 2 * timeout_ms) == RD_KAFKA_RESP_ERR_NO_ERROR);
  return marked;
}

using IsEnd = std::function<bool(const Stored&)>;

// `partitions` at once, until the end of each.
std::vector<Stored> read(rd_kafka_t* rk, rd_kafka_topic_t* topic,
                         const std::set<std::int32_t>& partitions, const IsEnd& is_end) {
  const QueueHandle queue(rd_kafka_queue_new(rk));
  for (const std::int32_t partition : partitions)
    REQUIRE(rd_kafka_consume_start_queue(topic, partition, RD_KAFKA_OFFSET_BEGINNING,
                                         queue.get()) == 0);
  std::map<std::int32_t, std::vector<Stored>> found;
  const auto deadline = Clock::now() + patience;
  for (std::size_t ended = 0; ended < partitions.size();) {
    const MessageHandle message(rd_kafka_consume_queue(queue.get(), timeout_ms));
    REQUIRE(Clock::now() < deadline);
    if (message == nullptr) continue;
    REQUIRE_MESSAGE(message->err == RD_KAFKA_RESP_ERR_NO_ERROR, rd_kafka_err2str(message->err));
    Stored one = stored(*message);
    ended += is_end(one) ? 1 : 0;
    if (!is_mark(one)) found[one.partition].push_back(std::move(one));
  }
  for (const std::int32_t partition : partitions) (void)rd_kafka_consume_stop(topic, partition);
  std::vector<Stored> all;
  for (auto& [partition, messages] : found)
    std::move(messages.begin(), messages.end(), std::back_inserter(all));
  return all;
}

}  // namespace

std::vector<Stored> read_topic(const std::string& bootstrap, const std::string& topic) {
  const ClientHandle consumer = make_consumer(bootstrap);
  const TopicHandle handle(rd_kafka_topic_new(consumer.get(), topic.c_str(), nullptr));
  const int partitions = partitions_of(consumer.get(), handle.get());
  std::map<std::int32_t, std::int64_t> ends;
  std::set<std::int32_t> not_empty;
  for (std::int32_t partition = 0; partition < partitions; ++partition) {
    ends[partition] = end_of(consumer.get(), topic, partition);
    if (ends[partition] > 0) not_empty.insert(partition);
  }
  return read(consumer.get(), handle.get(), not_empty,
              [&](const Stored& message) { return message.offset + 1 == ends[message.partition]; });
}

std::vector<Stored> read_topic_to_mark(const std::string& bootstrap, const std::string& topic) {
  static std::atomic<int> readings{0};
  const std::string mark = std::to_string(::getpid()) + "-" + std::to_string(++readings);
  const std::set<std::int32_t> partitions = write_marks(bootstrap, topic, mark);
  const ClientHandle consumer = make_consumer(bootstrap);
  const TopicHandle handle(rd_kafka_topic_new(consumer.get(), topic.c_str(), nullptr));
  return read(consumer.get(), handle.get(), partitions,
              [&](const Stored& message) { return is_mark(message) && message.value == mark; });
}

}  // namespace rebuf::test
