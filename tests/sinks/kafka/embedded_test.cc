// The Kafka sink on librdkafka's mock cluster: quick, but no judge of losses.
#include <doctest/doctest.h>

#include <deque>

#include "recorder.h"
#include "tests/support/topic_reader.h"

namespace rebuf::sinks::test {
namespace {

struct Embedded {
  std::unique_ptr<KafkaSink> sink = make_sink(embedded_settings());
  Recorder recorder;
  Messages messages{"readings"};
  std::unique_ptr<Channel> channel = sink->attach({.route = "r", .topic = "readings"}, recorder);

  ~Embedded() { channel->stop(in(milliseconds(0))); }
};

TEST_CASE("a message arrives with its key, headers, timestamp and id") {
  Embedded kafka;
  std::string packed;
  pack_header(packed, "content-type", "text/plain");
  pack_header(packed, "empty", "");
  OutMessage& full = kafka.messages.add(1, "value");
  full.key = "key";
  full.headers = HeaderList(kafka.messages.keep(packed));
  OutMessage& bare = kafka.messages.add(2, "");
  bare.replayed = true;

  CHECK(kafka.channel->submit(kafka.messages.list) == 2);
  kafka.recorder.wait_reports(2);

  const auto stored = rebuf::test::read_topic(kafka.sink->embedded_bootstrap(), "readings");
  REQUIRE(stored.size() == 2);
  const auto& first = stored[0].value.empty() ? stored[1] : stored[0];
  const auto& second = stored[0].value.empty() ? stored[0] : stored[1];
  CHECK(first.value == "value");
  CHECK(first.key == "key");
  CHECK(first.timestamp_ms == begun_ms + 1);
  CHECK(first.headers ==
        std::map<std::string, std::string>{{"content-type", "text/plain"},
                                           {"empty", ""},
                                           {"rebuf-id", "00000000000000000000000000000001"}});
  CHECK_FALSE(second.key.has_value());
  CHECK(second.headers ==
        std::map<std::string, std::string>{{"rebuf-id", "00000000000000000000000000000002"},
                                           {"rebuf-replayed", "1"}});
  const Heard& report = kafka.recorder.by_token.at(1);
  CHECK(report.outcome == Outcome::delivered);
  CHECK(report.partition == first.partition);
  CHECK(report.offset == first.offset);
}

TEST_CASE("a message over the topic's limit is refused, its neighbours are delivered in order") {
  Embedded kafka;
  kafka.messages.add_numbered(1);
  kafka.messages.add(2, std::string(2'000'000, 'x')).key = "key";
  kafka.messages.add_numbered(1);
  CHECK(kafka.channel->submit(kafka.messages.list) == 3);
  kafka.recorder.wait_reports(3);
  CHECK(kafka.recorder.by_token.at(1).outcome == Outcome::delivered);
  CHECK(kafka.recorder.by_token.at(2).outcome == Outcome::refused);
  CHECK(kafka.recorder.by_token.at(2).refusal == Refusal::too_large);
  CHECK(kafka.recorder.by_token.at(3).outcome == Outcome::delivered);
  CHECK(kafka.recorder.by_token.at(1).offset < kafka.recorder.by_token.at(3).offset);
}

TEST_CASE("an outage is told, and what is held is delivered after it") {
  Embedded kafka;
  kafka.recorder.probe_until_up(*kafka.channel);
  kafka.sink->set_embedded_up(false);
  kafka.recorder.wait(
      "down", [&] { return !kafka.recorder.health.empty() && !kafka.recorder.health.back().up; });
  CHECK(kafka.recorder.health.back().error_class == "connect");
  CHECK_FALSE(kafka.sink->stats().up);

  kafka.messages.add_numbered(1000);
  CHECK(kafka.channel->submit(kafka.messages.list) == 1000);
  CHECK_FALSE(kafka.recorder.probe(*kafka.channel).up);
  CHECK(kafka.sink->stats().held_messages == 1000);

  kafka.sink->set_embedded_up(true);
  kafka.recorder.wait_reports(1000);
  CHECK(kafka.recorder.count(Outcome::delivered) == 1000);
  CHECK(kafka.sink->stats().up);
  CHECK(kafka.sink->stats().held_messages == 0);
  CHECK(kafka.sink->stats().held_bytes == 0);
}

TEST_CASE("recall gives everything back, then the channel takes messages again") {
  Embedded kafka;
  kafka.recorder.probe_until_up(*kafka.channel);
  kafka.sink->set_embedded_up(false);
  kafka.recorder.wait("down", [&] { return !kafka.recorder.health.back().up; });
  kafka.messages.add_numbered(100);
  CHECK(kafka.channel->submit(kafka.messages.list) == 100);
  kafka.channel->recall();
  kafka.recorder.wait("reopened", [&] { return kafka.recorder.reopened == 1; });
  CHECK(kafka.recorder.count(Outcome::given_back) == 100);

  kafka.sink->set_embedded_up(true);
  Messages again("readings");
  again.add(101, "again");
  CHECK(kafka.channel->submit(again.list) == 1);
  kafka.recorder.wait_reports(101);
  CHECK(kafka.recorder.by_token.at(101).outcome == Outcome::delivered);
}

TEST_CASE("stop gives back what the brokers do not take by its deadline") {
  Embedded kafka;
  kafka.recorder.probe_until_up(*kafka.channel);
  kafka.sink->set_embedded_up(false);
  kafka.recorder.wait("down", [&] { return !kafka.recorder.health.back().up; });
  kafka.messages.add_numbered(100);
  CHECK(kafka.channel->submit(kafka.messages.list) == 100);
  kafka.channel->stop(in(milliseconds(100)));
  CHECK(kafka.recorder.count(Outcome::given_back) == 100);
  CHECK(kafka.recorder.reopened == 0);
  CHECK(kafka.channel->submit(kafka.messages.list) == 0);
}

TEST_CASE("stop lets what is held be delivered") {
  Embedded kafka;
  kafka.messages.add_numbered(1000);
  CHECK(kafka.channel->submit(kafka.messages.list) == 1000);
  kafka.channel->stop(in(patience));
  CHECK(kafka.recorder.count(Outcome::delivered) == 1000);
}

// Another channel of the sink, with ten messages that it cannot deliver as the cluster is down.
struct Neighbour {
  explicit Neighbour(Embedded& kafka)
      : channel(kafka.sink->attach({.route = "s", .topic = "others"}, recorder)) {
    recorder.probe_until_up(*channel);
    messages.add_numbered(10);
  }
  ~Neighbour() { channel->stop(in(milliseconds(0))); }
  void submit_into(Embedded& kafka) {
    kafka.recorder.probe_until_up(*kafka.channel);
    kafka.sink->set_embedded_up(false);
    kafka.recorder.wait("down", [&] { return !kafka.recorder.health.back().up; });
    kafka.messages.add_numbered(10);
    CHECK(kafka.channel->submit(kafka.messages.list) == 10);
    CHECK(channel->submit(messages.list) == 10);
  }

  Recorder recorder;
  Messages messages{"others"};
  std::unique_ptr<Channel> channel;
};

TEST_CASE("a recall on one channel takes nothing from another one of the sink") {
  Embedded kafka;
  Neighbour other(kafka);
  other.submit_into(kafka);
  CHECK(kafka.sink->stats().held_messages == 20);
  kafka.channel->recall();
  kafka.recorder.wait("reopened", [&] { return kafka.recorder.reopened == 1; });
  CHECK(kafka.recorder.count(Outcome::given_back) == 10);
  CHECK(kafka.sink->stats().held_messages == 10);
  kafka.sink->set_embedded_up(true);
  other.recorder.wait_reports(10);
  CHECK(other.recorder.count(Outcome::delivered) == 10);
  CHECK(other.recorder.reopened == 0);
}

TEST_CASE("channels beyond the eighth share: a recall gives back on both, and both go on") {
  Embedded kafka;
  std::deque<Neighbour> others;
  for (int i = 0; i < 8; ++i) others.emplace_back(kafka);
  Neighbour& sharing = others.back();
  sharing.submit_into(kafka);
  kafka.channel->recall();
  sharing.recorder.wait("reopened", [&] { return sharing.recorder.reopened == 1; });
  CHECK(sharing.recorder.count(Outcome::given_back) == 10);
  kafka.sink->set_embedded_up(true);
  Messages again("others");
  again.add(11, "again");
  CHECK(sharing.channel->submit(again.list) == 1);
  sharing.recorder.wait_reports(11);
  CHECK(sharing.recorder.by_token.at(11).outcome == Outcome::delivered);
}

TEST_CASE("a producer whose channel is gone serves the next one") {
  Embedded kafka;
  for (int i = 0; i < 20; ++i) {
    Neighbour other(kafka);
    CHECK(other.channel->submit(other.messages.list) == 10);
    other.recorder.wait_reports(10);
    CHECK(other.recorder.count(Outcome::delivered) == 10);
  }
}

TEST_CASE("properties that librdkafka does not know are an error, not a crash") {
  KafkaSettings settings = embedded_settings();
  settings.options = {{"no.such", "1"}};
  const auto made = make_kafka_sink(settings, nullptr, nullptr);
  CHECK(made.sink == nullptr);
  CHECK(made.error.find("no.such") != std::string::npos);
}

}  // namespace
}  // namespace rebuf::sinks::test
