// librdkafka's mock brokers in this process: one topic of one partition, which the first broker
// leads, and many brokers. They take any sequence number of a producer of which the partition has
// nothing, as real ones do.
#include <doctest/doctest.h>

#include <array>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "recorder.h"
#include "sinks/kafka/client.h"
#include "sinks/kafka/errors.h"
#include "sinks/kafka/poller.h"
#include "tests/support/topic_reader.h"
// Needs what poller.h includes.
#include <librdkafka/rdkafka_mock.h>

namespace rebuf::sinks::test {
namespace {

constexpr std::int16_t produce_request = 0;
constexpr const char* topic_name = "readings";

class MockBrokers {
 public:
  // With many, a client hardly asks the first who leads while that keeps it waiting.
  MockBrokers() {
    kafka::ConfHandle conf(rd_kafka_conf_new());
    std::array<char, 512> why{};
    REQUIRE(rd_kafka_conf_set(conf.get(), "test.mock.num.brokers", "10", why.data(), why.size()) ==
            RD_KAFKA_CONF_OK);
    REQUIRE(rd_kafka_conf_set(conf.get(), "log_level", "2", why.data(), why.size()) ==
            RD_KAFKA_CONF_OK);
    owner_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf.get(), why.data(), why.size()));
    REQUIRE_MESSAGE(owner_ != nullptr, why.data());
    (void)conf.release();  // the client owns it now
    cluster_ = rd_kafka_handle_mock_cluster(owner_.get());
    REQUIRE(rd_kafka_mock_topic_create(cluster_, topic_name, 1, 1) == RD_KAFKA_RESP_ERR_NO_ERROR);
    lead(1);
  }
  [[nodiscard]] std::string bootstrap() const { return rd_kafka_mock_cluster_bootstraps(cluster_); }
  void lead(int broker) {
    REQUIRE(rd_kafka_mock_partition_set_leader(cluster_, topic_name, 0, broker) ==
            RD_KAFKA_RESP_ERR_NO_ERROR);
  }
  // The first broker refuses the next request, after a while.
  void refuse_next(milliseconds after) {
    REQUIRE(rd_kafka_mock_broker_push_request_error_rtts(
                cluster_, 1, produce_request, 1, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
                static_cast<int>(after.count())) == RD_KAFKA_RESP_ERR_NO_ERROR);
  }

 private:
  kafka::ClientHandle owner_;
  rd_kafka_mock_cluster_t* cluster_ = nullptr;
};

// librdkafka's own log tells where its threads are, and holds them there: between counting a
// refused request as over and putting its messages back, the thread of the leader that was waits
// until that of the new one has made the request behind it, or has had the time to.
class Interleaving {
 public:
  void log(std::string_view line) {
    std::unique_lock lock(mutex_);
    if (line.find(": Produce MessageSet with") != std::string_view::npos) ++requests_;
    changed_.notify_all();
    if (line.find("encountered error: Broker: Not leader") == std::string_view::npos) return;
    (void)changed_.wait_for(lock, seconds(3), [this] { return requests_ >= 2; });
  }
  void wait_for_first_request() {
    std::unique_lock lock(mutex_);
    REQUIRE(changed_.wait_for(lock, patience, [this] { return requests_ >= 1; }));
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int requests_ = 0;
};

// What the topic holds, in order.
std::vector<std::string> stored(const MockBrokers& brokers) {
  std::vector<std::string> values;
  for (const auto& message : rebuf::test::read_topic(brokers.bootstrap(), topic_name))
    values.push_back(message.value);
  return values;
}

constexpr milliseconds enough_to_move{2000};
const std::map<std::string, std::string> options{{"debug", "msg"},
                                                 {"topic.metadata.refresh.interval.ms", "100"}};

// librdkafka by itself: it may send the second request before the first one, which the leader that
// was has refused, and take the first for stored when the second is.
TEST_CASE("what librdkafka only concludes to be stored counts as not acknowledged") {
  class Callbacks final : public kafka::ClientCallbacks {
   public:
    explicit Callbacks(Interleaving& interleaving) : interleaving_(interleaving) {}
    void client_log(LogLevel /*level*/, const char* text) override { interleaving_.log(text); }
    void client_throttled(milliseconds /*pause*/) override {}
    void client_answered(std::int32_t /*broker*/, std::chrono::microseconds /*time*/) override {}

   private:
    Interleaving& interleaving_;
  };
  MockBrokers brokers;
  Interleaving interleaving;
  Callbacks callbacks(interleaving);
  KafkaSettings settings;
  settings.options = options;
  constexpr std::size_t batch_bytes = 1'000'000;
  const kafka::ClientResult made =
      kafka::make_client(settings, brokers.bootstrap(), batch_bytes, kafka::Way::near, callbacks);
  REQUIRE_MESSAGE(made.client.rk != nullptr, made.error);
  const kafka::TopicHandle topic(rd_kafka_topic_new(made.client.rk.get(), topic_name, nullptr));
  const auto produce = [&](std::string value) {
    REQUIRE(rd_kafka_produce(topic.get(), 0, RD_KAFKA_MSG_F_COPY, value.data(), value.size(),
                             nullptr, 0, nullptr) == 0);
  };

  brokers.refuse_next(enough_to_move);
  const std::string first = "abcdefgh";  // each a message; fewer than five would not do
  for (const char value : first) produce(std::string(1, value));
  interleaving.wait_for_first_request();
  produce("z");
  brokers.lead(2);
  std::set<std::string> acknowledged;
  const auto deadline = std::chrono::steady_clock::now() + patience;
  for (std::size_t reports = 0; reports < first.size() + 1;) {
    REQUIRE(std::chrono::steady_clock::now() < deadline);
    const kafka::EventHandle event(rd_kafka_queue_poll(made.client.queue.get(), 100));
    if (event == nullptr || rd_kafka_event_type(event.get()) != RD_KAFKA_EVENT_DR) continue;
    std::vector<const rd_kafka_message_t*> batch(rd_kafka_event_message_count(event.get()));
    batch.resize(rd_kafka_event_message_array(event.get(), batch.data(), batch.size()));
    reports += batch.size();
    for (const rd_kafka_message_t* message : batch)
      if (kafka::acknowledged(*message, *batch.front()))
        acknowledged.emplace(static_cast<const char*>(message->payload), message->len);
  }
  const std::vector<std::string> values = stored(brokers);
  CHECK(acknowledged == std::set(values.begin(), values.end()));
}

TEST_CASE("a leader that moves and refuses the first request mixes nothing up, and loses nothing") {
  MockBrokers brokers;
  Interleaving interleaving;
  KafkaSettings settings;
  settings.options = options;
  std::string error;
  const auto unaskable = kafka::EmbeddedCluster::make(error);  // mock brokers tell no limits
  REQUIRE_MESSAGE(unaskable != nullptr, error);
  kafka::Poller poller(
      settings, unaskable.get(), brokers.bootstrap(),
      [&](LogLevel, std::string_view line) { interleaving.log(line); }, nullptr);
  error = poller.start();
  REQUIRE_MESSAGE(error.empty(), error);
  Recorder recorder;
  const auto channel = poller.attach({.route = "r", .topic = topic_name}, recorder);
  Messages messages(topic_name);
  messages.add_numbered(20);

  brokers.refuse_next(enough_to_move);
  const std::span<const OutMessage> all(messages.list);
  REQUIRE(channel->submit(all.first(10)) == 10);
  interleaving.wait_for_first_request();
  REQUIRE(channel->submit(all.subspan(10)) == 10);
  brokers.lead(2);
  recorder.wait_reports(messages.list.size());
  channel->stop(in(patience));

  CHECK(recorder.count(Outcome::delivered) == messages.list.size());
  std::vector<std::string> sent;
  for (const OutMessage& message : messages.list) sent.emplace_back(message.value);
  CHECK(stored(brokers) == sent);
}

}  // namespace
}  // namespace rebuf::sinks::test
