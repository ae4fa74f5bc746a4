// librdkafka's mock brokers in this process: one topic of one partition, which the first broker
// leads, and many brokers. They take any sequence number of a producer of which the partition has
// nothing, as real ones do.
#include <doctest/doctest.h>

#include <array>
#include <condition_variable>
#include <mutex>
#include <set>
#include <span>

#include "recorder.h"
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

// The partition has another leader before the one that was refuses a request. librdkafka 2.0.2 then
// may send the next request before the refused one, and takes that for stored when the next is.
TEST_CASE("what no broker has acknowledged is not taken for stored since the next request was") {
  MockBrokers brokers;
  Interleaving interleaving;
  KafkaSettings settings;
  settings.options = {{"debug", "msg"}, {"topic.metadata.refresh.interval.ms", "100"}};
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
  constexpr std::size_t first = 10;
  messages.add_numbered(2 * first);
  const std::span<const OutMessage> all(messages.list);

  brokers.refuse_next(milliseconds(2000));
  REQUIRE(channel->submit(all.first(first)) == first);
  interleaving.wait_for_first_request();
  REQUIRE(channel->submit(all.subspan(first)) == first);
  brokers.lead(2);
  recorder.wait_reports(messages.list.size());
  channel->stop(in(seconds(10)));

  std::set<std::string> stored;
  for (const auto& message : rebuf::test::read_topic(brokers.bootstrap(), topic_name))
    stored.insert(message.value);
  for (const auto& [token, heard] : recorder.by_token)
    if (heard.outcome == Outcome::delivered) CHECK(stored.contains(std::to_string(token - 1)));
}

}  // namespace
}  // namespace rebuf::sinks::test
