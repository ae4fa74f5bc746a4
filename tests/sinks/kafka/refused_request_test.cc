// A partition's leader refuses a request and takes the one behind it. A real broker does so when it
// becomes the leader between the two, and the partition has nothing of this producer yet (a topic
// just made, a producer just made anew): then it takes any sequence number.
#include <doctest/doctest.h>

#include <array>
#include <map>
#include <utility>

#include "mock_broker.h"
#include "recorder.h"
#include "sinks/kafka/channel.h"
#include "sinks/kafka/client.h"
#include "tests/support/topic_reader.h"

namespace rebuf::sinks::test {
namespace {

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
    MockBroker broker("readings", 1);
    KafkaSettings settings;
    settings.options = {{"batch.num.messages", "1"}};  // each message a request
    NoCallbacks callbacks;
    constexpr std::size_t batch_bytes = 1'000'000;
    kafka::ClientResult made =
        kafka::make_client(settings, broker.bootstrap(), batch_bytes, kafka::Way::near, callbacks);
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

// What the poller does for a channel over a long way, in the test's own thread.
class FarHost final : public kafka::ChannelHost {
 public:
  explicit FarHost(kafka::Client client) : client_(std::move(client)) {
    (void)topics_.ask_due(producer(), nullptr, std::chrono::steady_clock::now());
  }
  void wake() override {}
  void hurry() override {}
  rd_kafka_t* producer() override { return client_.rk.get(); }
  kafka::Topics& topics() override { return topics_; }
  bool in_turns() const override { return true; }
  std::int32_t partition_of(const OutMessage& /*message*/,
                            std::int32_t /*partitions*/) const override {
    return 0;
  }

  // Hands over what has its turn, and takes what is reported next, as a suspect's return perhaps.
  void serve(kafka::KafkaChannel& channel, bool suspect = false) {
    const auto now = std::chrono::steady_clock::now();
    (void)topics_.ask_due(producer(), nullptr, now);
    REQUIRE(turns_.feed(channel, producer(), client_.limits, kafka::far_requests, now));
    const kafka::EventHandle event(rd_kafka_queue_poll(client_.queue.get(), 100));
    if (event == nullptr || rd_kafka_event_type(event.get()) != RD_KAFKA_EVENT_DR) return;
    while (const rd_kafka_message_t* message = rd_kafka_event_message_next(event.get())) {
      CHECK(message->err == RD_KAFKA_RESP_ERR_NO_ERROR);
      kafka::Slot& slot = *static_cast<kafka::Slot*>(message->_private);
      turns_.done(*slot.turn);
      const Outcome outcome = suspect ? Outcome::given_back : Outcome::delivered;
      channel.add_report(slot, {.token = slot.token, .outcome = outcome, .detail = {}}, now,
                         suspect);
    }
    channel.deliver();
  }

 private:
  kafka::Topics topics_{false};
  kafka::Client client_;
  kafka::Turns turns_{KafkaSettings().partitioner};
};

TEST_CASE("over a long way, with several requests under way, none is sent behind a refused one") {
  constexpr int partitions = 3;
  constexpr std::size_t count = 90;
  MockBroker broker("readings", partitions);
  KafkaSettings settings;
  // Behind five messages of a partition librdkafka by itself sends no further request.
  settings.options = {{"batch.num.messages", "2"}};
  NoCallbacks callbacks;
  kafka::ClientResult made =
      kafka::make_client(settings, broker.bootstrap(), 1'000'000, kafka::Way::far, callbacks);
  REQUIRE_MESSAGE(made.client.rk != nullptr, made.error);
  FarHost host(std::move(made.client));
  Recorder recorder;
  kafka::KafkaChannel channel(host, {.route = "r", .topic = "readings"}, recorder);
  channel.resume();
  Messages messages("readings");
  for (Token number = 1; number <= count; ++number)
    messages.add(number * MessageId::run_length, std::to_string(number));

  // Answers are slow, so that as many requests are under way as ever may be. Whenever something is
  // delivered, one of the next is refused.
  broker.answer_after(milliseconds(100));
  CHECK(channel.submit(messages.list) == count);
  const auto deadline = std::chrono::steady_clock::now() + patience;
  std::size_t refused_at = 0;
  for (std::size_t delivered = 0; delivered < count;) {
    REQUIRE(std::chrono::steady_clock::now() < deadline);
    host.serve(channel);
    delivered = recorder.count(Outcome::delivered);
    if (delivered < refused_at + 10) continue;
    broker.refuse_next(RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
    refused_at = delivered;
  }
  channel.let_go();

  broker.answer_after(milliseconds(0));
  std::map<std::int32_t, Token> last;
  std::size_t stored = 0;
  for (const auto& message : rebuf::test::read_topic(broker.bootstrap(), "readings")) {
    const Token token = std::stoull(message.value);
    CHECK(last[message.partition] < token);
    last[message.partition] = token;
    ++stored;
  }
  CHECK(stored == count);
  CHECK(last.size() == partitions);
}

TEST_CASE("over a long way messages too large are refused at once, in however many partitions") {
  constexpr int partitions = 100;
  constexpr std::size_t count = 200;
  // A suspect is tried alone when it comes again, and until then nothing goes together.
  for (const bool suspect : {false, true}) {
    CAPTURE(suspect);
    MockBroker broker("readings", partitions);
    NoCallbacks callbacks;
    kafka::ClientResult made = kafka::make_client(KafkaSettings(), broker.bootstrap(), 1'000'000,
                                                  kafka::Way::far, callbacks);
    REQUIRE_MESSAGE(made.client.rk != nullptr, made.error);
    FarHost host(std::move(made.client));
    Recorder recorder;
    kafka::KafkaChannel channel(host, {.route = "r", .topic = "readings"}, recorder);
    channel.resume();
    Messages messages("readings");
    messages.add(1, "tells how many partitions there are");
    CHECK(channel.submit(messages.list) == 1);
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (recorder.order.empty()) {
      REQUIRE(std::chrono::steady_clock::now() < deadline);
      host.serve(channel, suspect);
    }

    messages.list.clear();
    const std::string_view too_large = messages.keep(std::string(1'100'000, '.'));
    for (Token number = 2; number < 2 + count; ++number)
      messages.add(number * MessageId::run_length, "").value = too_large;
    CHECK(channel.submit(messages.list) == count);
    host.serve(channel);
    channel.deliver();
    CHECK(recorder.count(Outcome::refused) == count);
    channel.let_go();
  }
}

}  // namespace
}  // namespace rebuf::sinks::test
