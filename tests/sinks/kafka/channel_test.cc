// A channel of the Kafka sink whose poller is the test, over a producer that knows no broker.
#include "sinks/kafka/channel.h"

#include <chrono>
#include <functional>
#include <set>
#include <vector>

#include "recorder.h"

namespace rebuf::sinks::kafka {
namespace {

class Host final : public ChannelHost {
 public:
  void wake() override {}
  void hurry() override { ++hurries; }
  rd_kafka_t* producer() override { return producer_.get(); }
  Topics& topics() override { return topics_; }
  bool in_turns() const override { return false; }
  std::int32_t partition_of(const OutMessage& message, std::int32_t partitions) const override {
    return place ? place(message, partitions) : 0;
  }
  std::function<std::int32_t(const OutMessage&, std::int32_t partitions)> place;
  int hurries = 0;

  // All topics are known.
  void learn_topics() {
    (void)topics_.ask_due(producer(), nullptr, std::chrono::steady_clock::now());
  }
  // The places of all messages that librdkafka has, which it lets go.
  std::vector<Slot*> take_all_back() {
    REQUIRE(rd_kafka_purge(producer(), RD_KAFKA_PURGE_F_QUEUE) == RD_KAFKA_RESP_ERR_NO_ERROR);
    const std::chrono::milliseconds patience = test::patience;
    const EventHandle event(
        rd_kafka_queue_poll(reports_.get(), static_cast<int>(patience.count())));
    REQUIRE(event != nullptr);
    std::vector<Slot*> slots;
    while (const rd_kafka_message_t* message = rd_kafka_event_message_next(event.get()))
      slots.push_back(static_cast<Slot*>(message->_private));
    return slots;
  }

 private:
  static rd_kafka_t* make() {
    rd_kafka_conf_t* const settings = rd_kafka_conf_new();
    rd_kafka_conf_set_events(settings, RD_KAFKA_EVENT_DR);
    rd_kafka_conf_set_log_cb(settings, nullptr);  // it has no broker, and says so
    return rd_kafka_new(RD_KAFKA_PRODUCER, settings, nullptr, 0);
  }
  const ClientHandle producer_{make()};
  const QueueHandle reports_{rd_kafka_queue_get_main(producer_.get())};
  Topics topics_{false};
};

}  // namespace

TEST_CASE("a suspect that is refused when it comes again holds nothing up any more") {
  Host host;
  test::Recorder recorder;
  KafkaChannel channel(host, {.route = "r", .topic = "readings"}, recorder);
  host.learn_topics();
  channel.resume();
  test::Messages messages("readings");
  messages.add(1, "in bad company");
  REQUIRE(channel.submit(messages.list) == 1);
  channel.add_report(*host.take_all_back().front(),
                     {.token = 1, .outcome = Outcome::given_back, .detail = {}},
                     std::chrono::steady_clock::now(), true);
  channel.deliver();
  REQUIRE(channel.held() == 0);

  test::Messages again("readings");
  again.add(2, std::string(2'000'000, 'x')).id = messages.list.front().id;
  REQUIRE(channel.submit(again.list) == 1);
  CHECK(channel.in_producer() == 0);
  CHECK(channel.feed(true, std::chrono::steady_clock::now()));
  channel.deliver();
  CHECK(recorder.by_token.at(2).refusal == Refusal::too_large);

  test::Messages others("readings");
  others.add(3, "straight through");
  CHECK(channel.submit(others.list) == 1);
  CHECK(channel.in_producer() == 1);
  channel.let_go();
}

TEST_CASE("a patient message lets the producer linger, any other one does not") {
  Host host;
  test::Recorder recorder;
  KafkaChannel channel(host, {.route = "r", .topic = "readings"}, recorder);
  host.learn_topics();
  host.place = [](const OutMessage& message, std::int32_t) {
    return static_cast<std::int32_t>(message.token);
  };
  channel.own_topic().has_partitions(4);
  channel.resume();
  test::Messages messages("readings");
  for (Token token = 1; token <= 3; ++token) messages.add(token, "value").patient = token != 2;
  const std::span<const OutMessage> all(messages.list);
  REQUIRE(channel.submit(all.first(1)) == 1);
  CHECK(host.hurries == 0);
  REQUIRE(channel.submit(all.subspan(1)) == 2);
  CHECK(host.hurries == 1);
  CHECK(channel.in_producer() == 3);
  channel.let_go();
}

TEST_CASE("what waits goes first when its topic gets more partitions, and so another place") {
  Host host;
  test::Recorder recorder;
  KafkaChannel channel(host, {.route = "r", .topic = "readings"}, recorder);
  host.learn_topics();
  channel.resume();
  Topic& topic = *host.topics().find("readings");
  topic.has_partitions(2);
  // Of two partitions the key `moves` has the first, of three the last. That there are three is
  // learnt, as from librdkafka, while the other key's message is produced.
  host.place = [&](const OutMessage& message, std::int32_t partitions) {
    if (message.key == "moves") return partitions == 2 ? 0 : 2;
    topic.has_partitions(3);
    return 1;
  };
  test::Messages messages("readings");
  messages.add(1, "under way").key = "moves";
  messages.add(2, "waits").key = "moves";
  messages.add(3, "of another key").key = "stays";
  messages.add(4, "comes behind").key = "moves";
  REQUIRE(channel.submit(messages.list) == 4);
  REQUIRE(channel.in_producer() == 1);

  CHECK(channel.feed(true, std::chrono::steady_clock::now()));
  std::set<Token> produced;
  for (const Slot* slot : host.take_all_back()) produced.insert(slot->token);
  CHECK(produced == std::set<Token>{1, 2, 3});
  channel.let_go();
}

}  // namespace rebuf::sinks::kafka
