// A channel of the Kafka sink whose poller is the test, over a producer that knows no broker.
#include "sinks/kafka/channel.h"

#include <array>
#include <chrono>

#include "recorder.h"

namespace rebuf::sinks::kafka {
namespace {

class Host final : public ChannelHost {
 public:
  void wake() override {}
  rd_kafka_t* producer() override { return producer_.get(); }
  Topics& topics() override { return topics_; }
  bool in_turns() const override { return false; }

  // All topics are known.
  void learn_topics() {
    (void)topics_.ask_due(producer(), nullptr, std::chrono::steady_clock::now());
  }
  // The place of a message that librdkafka has, which it lets go.
  Slot& take_back() {
    REQUIRE(rd_kafka_purge(producer(), RD_KAFKA_PURGE_F_QUEUE) == RD_KAFKA_RESP_ERR_NO_ERROR);
    const std::chrono::milliseconds patience = test::patience;
    const EventHandle event(
        rd_kafka_queue_poll(reports_.get(), static_cast<int>(patience.count())));
    REQUIRE(event != nullptr);
    std::array<const rd_kafka_message_t*, 1> messages{};
    REQUIRE(rd_kafka_event_message_array(event.get(), messages.data(), 1) == 1);
    return *static_cast<Slot*>(messages[0]->_private);
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
  channel.add_report(host.take_back(), {.token = 1, .outcome = Outcome::given_back, .detail = {}},
                     true);
  channel.deliver();
  REQUIRE(channel.held() == 0);

  test::Messages again("readings");
  again.add(2, std::string(2'000'000, 'x')).id = messages.list.front().id;
  REQUIRE(channel.submit(again.list) == 1);
  CHECK(channel.in_producer() == 0);
  CHECK(channel.feed(std::chrono::steady_clock::now()));
  channel.deliver();
  CHECK(recorder.by_token.at(2).refusal == Refusal::too_large);

  test::Messages others("readings");
  others.add(3, "straight through");
  CHECK(channel.submit(others.list) == 1);
  CHECK(channel.in_producer() == 1);
  channel.let_go();
}

}  // namespace rebuf::sinks::kafka
