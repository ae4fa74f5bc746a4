// A partition's leader refuses a request and takes the one behind it. A real broker does so when it
// becomes the leader between the two, and the partition has nothing of this producer yet (a topic
// just made, a producer just made anew): then it takes any sequence number.
#include <doctest/doctest.h>

#include <array>

#include "recorder.h"
#include "sinks/kafka/client.h"
#include "tests/support/topic_reader.h"
// Needs what client.h includes.
#include <librdkafka/rdkafka_mock.h>

namespace rebuf::sinks::test {
namespace {

constexpr std::int16_t produce_request = 0;
constexpr int broker_id = 1;

// librdkafka's mock broker in this process, with one topic of one partition. It does not look at
// sequence numbers, as a partition without history.
class MockBroker {
 public:
  explicit MockBroker(const std::string& topic) {
    kafka::ConfHandle conf(rd_kafka_conf_new());
    std::array<char, 512> why{};
    REQUIRE(rd_kafka_conf_set(conf.get(), "test.mock.num.brokers", "1", why.data(), why.size()) ==
            RD_KAFKA_CONF_OK);
    owner_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf.get(), why.data(), why.size()));
    REQUIRE_MESSAGE(owner_ != nullptr, why.data());
    (void)conf.release();  // the client owns it now
    cluster_ = rd_kafka_handle_mock_cluster(owner_.get());
    REQUIRE(rd_kafka_mock_topic_create(cluster_, topic.c_str(), 1, 1) ==
            RD_KAFKA_RESP_ERR_NO_ERROR);
  }
  [[nodiscard]] std::string bootstrap() const { return rd_kafka_mock_cluster_bootstraps(cluster_); }
  void answer_after(milliseconds delay) {
    REQUIRE(rd_kafka_mock_broker_set_rtt(cluster_, broker_id, static_cast<int>(delay.count())) ==
            RD_KAFKA_RESP_ERR_NO_ERROR);
  }
  void refuse_next(rd_kafka_resp_err_t error) {
    rd_kafka_mock_push_request_errors(cluster_, produce_request, 1, error);
  }

 private:
  kafka::ClientHandle owner_;
  rd_kafka_mock_cluster_t* cluster_ = nullptr;
};

class NoCallbacks final : public kafka::ClientCallbacks {
  void client_log(LogLevel /*level*/, const char* /*text*/) override {}
  void client_throttled(milliseconds /*pause*/) override {}
};

// What librdkafka reports as delivered, one after the other, once it has reported on `count`.
std::string delivered(rd_kafka_queue_t* queue, std::size_t count) {
  std::string values;
  const auto deadline = std::chrono::steady_clock::now() + patience;
  for (std::size_t seen = 0; seen < count;) {
    REQUIRE(std::chrono::steady_clock::now() < deadline);
    const kafka::EventHandle event(rd_kafka_queue_poll(queue, 100));
    if (event == nullptr || rd_kafka_event_type(event.get()) != RD_KAFKA_EVENT_DR) continue;
    while (const rd_kafka_message_t* message = rd_kafka_event_message_next(event.get())) {
      ++seen;
      if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
      values.append(static_cast<const char*>(message->payload), message->len);
    }
  }
  return values;
}

TEST_CASE("what a refused request carried is not taken for stored since a later one was stored") {
  for (const rd_kafka_resp_err_t error :
       {RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART}) {
    CAPTURE(std::string(rd_kafka_err2name(error)));
    MockBroker broker("readings");
    KafkaSettings settings;
    settings.options = {{"batch.num.messages", "1"}};  // each message a request
    NoCallbacks callbacks;
    constexpr std::size_t batch_bytes = 1'000'000;
    kafka::ClientResult made =
        kafka::make_client(settings, broker.bootstrap(), batch_bytes, callbacks);
    REQUIRE_MESSAGE(made.client.rk != nullptr, made.error);

    // Answers are slow, so that as many requests are under way as ever may be.
    broker.answer_after(milliseconds(100));
    broker.refuse_next(error);
    std::string sent = "01234";
    const kafka::TopicHandle topic(rd_kafka_topic_new(made.client.rk.get(), "readings", nullptr));
    for (char& value : sent)
      REQUIRE(rd_kafka_produce(topic.get(), 0, RD_KAFKA_MSG_F_COPY, &value, 1, nullptr, 0,
                               nullptr) == 0);
    CHECK(delivered(made.client.queue.get(), sent.size()) == sent);

    broker.answer_after(milliseconds(0));
    std::string stored;
    for (const auto& message : rebuf::test::read_topic(broker.bootstrap(), "readings"))
      stored += message.value;
    CHECK(stored == sent);
  }
}

}  // namespace
}  // namespace rebuf::sinks::test
