// What lingers in librdkafka and what does not, with a linger that nobody waits for.
#include "sinks/kafka/linger.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

#include "mock_broker.h"
#include "recorder.h"

namespace rebuf::sinks::kafka {
namespace {

class Producer {
 public:
  Producer() {
    rd_kafka_conf_t* const conf = rd_kafka_conf_new();
    set(conf, "bootstrap.servers", broker_.bootstrap());
    set(conf, "linger.ms", "290000");  // librdkafka wants it below message.timeout.ms
    rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR);
    rk_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf, nullptr, 0));
    REQUIRE(rk_ != nullptr);
    queue_.reset(rd_kafka_queue_get_main(rk_.get()));
    topic_.reset(rd_kafka_topic_new(rk_.get(), "readings", nullptr));
  }
  void produce(char value) {
    REQUIRE(rd_kafka_produce(topic_.get(), 0, RD_KAFKA_MSG_F_COPY, &value, 1, nullptr, 0,
                             nullptr) == 0);
  }
  // The next report, of a whole request, while messages are in a hurry; null: for so long there is
  // none.
  EventHandle report(Linger* linger, std::chrono::milliseconds wait = test::patience) {
    const auto deadline = std::chrono::steady_clock::now() + wait;
    EventHandle event;
    while (event == nullptr && std::chrono::steady_clock::now() < deadline) {
      if (linger != nullptr) linger->hurry();
      event.reset(rd_kafka_queue_poll(queue_.get(), 10));
      if (event != nullptr && rd_kafka_event_type(event.get()) != RD_KAFKA_EVENT_DR) event.reset();
    }
    return event;
  }
  // One message there and back: it is connected, and knows its topic.
  void settle() {
    Linger linger(get());
    produce('0');
    REQUIRE(report(&linger) != nullptr);
  }
  [[nodiscard]] rd_kafka_t* get() const { return rk_.get(); }

 private:
  static void set(rd_kafka_conf_t* conf, const char* name, const std::string& value) {
    std::array<char, 512> why{};
    REQUIRE(rd_kafka_conf_set(conf, name, value.c_str(), why.data(), why.size()) ==
            RD_KAFKA_CONF_OK);
  }
  test::MockBroker broker_{"readings", 1};
  ClientHandle rk_;
  QueueHandle queue_;
  TopicHandle topic_;
};

}  // namespace

TEST_CASE("what is in no hurry lingers, and goes with what is") {
  Producer producer;
  producer.settle();
  Linger linger(producer.get());
  producer.produce('1');
  CHECK(producer.report(nullptr, std::chrono::milliseconds(300)) == nullptr);
  producer.produce('2');
  const EventHandle report = producer.report(&linger);
  REQUIRE(report != nullptr);
  CHECK(rd_kafka_event_message_count(report.get()) == 2);
}

TEST_CASE("one report is kept, and messages in a hurry go on one after the other") {
  Producer producer;
  Linger linger(producer.get());
  for (char value = '0'; value < '9'; ++value) {
    producer.produce(value);
    EventHandle report = producer.report(&linger);
    REQUIRE(report != nullptr);
    CHECK(rd_kafka_event_message_count(report.get()) == 1);
    linger.keep(report);
    CHECK((report == nullptr) == (value == '0'));
  }
}

TEST_CASE("it ends while a report is kept and messages linger") {
  Producer producer;
  producer.settle();
  Linger linger(producer.get());
  producer.produce('1');
  EventHandle report = producer.report(&linger);
  REQUIRE(report != nullptr);
  linger.keep(report);
  producer.produce('2');
}

}  // namespace rebuf::sinks::kafka
