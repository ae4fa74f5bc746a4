// The Kafka sink and a real broker's topics: their limits, missing ones, ones that change.
#include <doctest/doctest.h>

#include "real.h"

namespace rebuf::sinks::test {
namespace {

// As a route does after a give-back: what is not done, in order, under new tokens.
void submit_again(Real& kafka, Token& next_token) {
  std::vector<OutMessage> again;
  for (OutMessage& message : kafka.messages.list) {
    const Heard& heard = kafka.recorder.by_token.at(message.token);
    if (heard.outcome != Outcome::given_back) continue;
    message.token = next_token++;
    again.push_back(message);
  }
  CHECK(kafka.channel->submit(again) == again.size());
}

// Waits for `reports`, then submits what was given back until nothing is.
void submit_until_done(Real& kafka, std::size_t reports) {
  Token next_token = 1000;
  for (int reopened = 1;; ++reopened) {
    kafka.recorder.wait_reports(reports);
    std::size_t open = 0;
    for (const OutMessage& message : kafka.messages.list)
      open += kafka.recorder.by_token.at(message.token).outcome == Outcome::given_back ? 1 : 0;
    if (open == 0) return;
    kafka.recorder.wait("reopened", [&] { return kafka.recorder.reopened >= reopened; });
    REQUIRE_MESSAGE(reopened < 10, "the same failure again and again");
    reports += open;
    submit_again(kafka, next_token);
  }
}

TEST_CASE("a message arrives at a real broker with key, headers, timestamp and id") {
  Real kafka;
  kafka.broker.create(kafka.topic, 3);
  kafka.attach();
  std::string packed;
  pack_header(packed, "content-type", "text/plain");
  OutMessage& message = kafka.messages.add(1, "value");
  message.key = "";
  message.headers = HeaderList(kafka.messages.keep(packed));
  message.replayed = true;
  CHECK(kafka.channel->submit(kafka.messages.list) == 1);
  kafka.recorder.wait_reports(1);
  const auto stored = read_topic(kafka.broker.bootstrap(), kafka.topic);
  REQUIRE(stored.size() == 1);
  CHECK(stored[0].value == "value");
  CHECK(stored[0].key == "");
  CHECK(stored[0].timestamp_ms == begun_ms + 1);
  CHECK(stored[0].headers ==
        std::map<std::string, std::string>{{"content-type", "text/plain"},
                                           {"rebuf-id", "00000000000000000000000000000001"},
                                           {"rebuf-replayed", "1"}});
  CHECK(kafka.recorder.by_token.at(1).partition == stored[0].partition);
  CHECK(kafka.recorder.by_token.at(1).offset == stored[0].offset);
}

TEST_CASE(
    "of many, only what is too large for its topic is refused and the rest arrives in order") {
  Real kafka;
  kafka.broker.create(kafka.topic, 1, {{"max.message.bytes", "20000"}});
  kafka.attach();
  kafka.messages.add_numbered(500, 100);
  kafka.messages.add(501, "500" + std::string(20'000, '.')).key = "key";
  kafka.messages.add_numbered(500, 100);
  CHECK(kafka.channel->submit(kafka.messages.list) == 1001);
  kafka.recorder.wait_reports(1001);
  CHECK(kafka.recorder.count(Outcome::delivered) == 1000);
  const Heard& refused = kafka.recorder.by_token.at(501);
  CHECK(refused.outcome == Outcome::refused);
  CHECK(refused.refusal == Refusal::too_large);
  CHECK(refused.detail.find("20000") != std::string::npos);
  auto expected = numbers(1001);
  expected.erase(expected.begin() + 500);
  CHECK(kafka.stored_values() == expected);
}

TEST_CASE("what is too large is told at once, although nothing else goes on") {
  Real kafka;
  kafka.broker.create(kafka.topic, 1, {{"max.message.bytes", "20000"}});
  kafka.attach();
  const OutMessage first = kafka.messages.add(1, std::string(20'000, '.'));
  const OutMessage second = kafka.messages.add(2, std::string(20'000, '.'));
  CHECK(kafka.channel->submit(std::span(&first, 1)) == 1);
  kafka.recorder.wait_reports(1);
  CHECK(kafka.channel->submit(std::span(&second, 1)) == 1);
  kafka.recorder.wait_reports(2, seconds(8));  // without an answer of the broker to wait for
  CHECK(kafka.recorder.count(Outcome::refused) == 2);
}

TEST_CASE("what travels behind a message that the broker refuses alone is given back and arrives") {
  Real kafka;
  kafka.broker.create(kafka.topic, 1, {{"cleanup.policy", "compact"}});
  KafkaSettings settings = Real::settings(kafka.broker);
  settings.options = {{"batch.num.messages", "1"}};
  kafka.sink = make_sink(settings);
  kafka.attach();
  kafka.messages.add_numbered(22);
  kafka.messages.list[20].key.reset();
  CHECK(kafka.channel->submit(kafka.messages.list) == 22);
  submit_until_done(kafka, 22);
  CHECK(kafka.recorder.count(Outcome::refused) == 1);
  auto expected = numbers(22);
  expected.erase(expected.begin() + 20);
  CHECK(kafka.stored_values() == expected);
}

TEST_CASE("a time that this host gave when its clock was ahead is none that a broker refuses") {
  Real kafka;
  kafka.broker.create(kafka.topic, 1);
  kafka.attach();
  const auto in_two_days = std::chrono::duration_cast<milliseconds>(
      (std::chrono::system_clock::now() + std::chrono::hours(48)).time_since_epoch());
  kafka.messages.add_numbered(10);
  for (const std::size_t i : {3U, 7U}) kafka.messages.list[i].timestamp_ms = in_two_days.count();
  kafka.messages.list[3].stamped_here = true;
  CHECK(kafka.channel->submit(kafka.messages.list) == 10);
  submit_until_done(kafka, 10);
  CHECK(kafka.recorder.count(Outcome::refused) == 1);  // the client's
  CHECK(kafka.recorder.by_token.at(kafka.messages.list[7].token).refusal == Refusal::invalid);
  auto expected = numbers(10);
  expected.erase(expected.begin() + 7);
  CHECK(kafka.stored_values() == expected);
}

// A sink whose user may write to the topic, but not ask for its limit.
struct Limited : Real {
  explicit Limited(const std::string& max_message_bytes) {
    broker.create(topic, 1, {{"max.message.bytes", max_message_bytes}});
    broker.admin().let_gateway(topic, rebuf::test::Gateway::only_writes);
    KafkaSettings settings;
    settings.brokers = broker.gateway_bootstrap();
    settings.options = {{"security.protocol", "SASL_PLAINTEXT"},
                        {"sasl.mechanism", "PLAIN"},
                        {"sasl.username", "gateway"},
                        {"sasl.password", "secret"}};
    sink = make_sink(settings);
    attach();
  }
};

TEST_CASE("a limit above the default that the sink may not ask for is the broker's to judge") {
  Limited kafka("3000000");
  kafka.messages.add_numbered(1);
  kafka.messages.add(2, "1." + std::string(2'000'000, '.'));
  kafka.messages.add(3, "2." + std::string(4'000'000, '.'));
  kafka.messages.add(4, "3");
  CHECK(kafka.channel->submit(kafka.messages.list) == 4);
  submit_until_done(kafka, 4);
  CHECK(kafka.recorder.count(Outcome::refused) == 1);
  CHECK(kafka.recorder.by_token.at(kafka.messages.list[2].token).refusal == Refusal::too_large);
  CHECK(kafka.stored_values() == std::vector<std::string>{"0", "1", "3"});
}

TEST_CASE("an offender that only the broker knows is found alone, and order is kept") {
  // A compacted topic refuses messages without a key, with the whole batch that they travel in.
  Real kafka;
  kafka.broker.create(kafka.topic, 1, {{"cleanup.policy", "compact"}});
  kafka.attach();
  kafka.messages.add_numbered(300);
  kafka.messages.list[150].key.reset();
  kafka.recorder.probe_until_up(*kafka.channel);
  CHECK(kafka.channel->submit(kafka.messages.list) == 300);
  submit_until_done(kafka, 300);
  CHECK(kafka.recorder.reopened <= 3);
  CHECK(kafka.recorder.count(Outcome::delivered) == 299);
  CHECK(kafka.recorder.count(Outcome::refused) == 1);
  CHECK(kafka.recorder.by_token.at(kafka.messages.list[150].token).refusal == Refusal::invalid);
  auto expected = numbers(300);
  expected.erase(expected.begin() + 150);
  CHECK(kafka.stored_values() == expected);
}

TEST_CASE("the own topic's absence is told and waited for, nothing is refused") {
  Real kafka;
  kafka.attach();
  kafka.messages.add_numbered(10);
  CHECK(kafka.channel->submit(kafka.messages.list) == 10);
  kafka.recorder.wait(
      "down", [&] { return !kafka.recorder.health.empty() && !kafka.recorder.health.back().up; });
  const HeardHealth missing = kafka.recorder.probe(*kafka.channel);
  CHECK_FALSE(missing.up);
  CHECK(missing.error_class == "topic");
  CHECK(missing.reason == "topic " + kafka.topic + " does not exist");
  kafka.broker.create(kafka.topic, 1);
  kafka.recorder.wait_reports(10);
  CHECK(kafka.recorder.count(Outcome::delivered) == 10);
  CHECK(kafka.recorder.probe(*kafka.channel).up);
  CHECK(kafka.stored_values() == numbers(10));
}

TEST_CASE("messages wait for librdkafka to hear of a topic that the brokers have made") {
  Real kafka;
  kafka.attach();
  kafka.messages.add_numbered(10);
  CHECK(kafka.channel->submit(kafka.messages.list) == 10);
  // Until librdkafka, too, takes it for missing, which it does later than the sink.
  const auto librdkafka_knows = in(seconds(2));
  while (std::chrono::steady_clock::now() < librdkafka_knows) {
    const bool up = kafka.recorder.probe(*kafka.channel).up;
    REQUIRE_FALSE(up);
  }
  kafka.broker.create(kafka.topic, 1);
  kafka.recorder.probe_until_up(*kafka.channel);  // asks at once, and so before librdkafka does
  kafka.recorder.wait_reports(10);
  CHECK(kafka.recorder.count(Outcome::delivered) == 10);
  CHECK(kafka.stored_values() == numbers(10));
}

TEST_CASE("a requested topic that is missing is refused, the own one's messages go on") {
  Real kafka;
  kafka.broker.create(kafka.topic, 1);
  kafka.attach();
  kafka.messages.add_numbered(10);
  for (const std::size_t i : {2U, 3U, 7U}) kafka.messages.list[i].topic = "no-such-topic";
  CHECK(kafka.channel->submit(kafka.messages.list) == 10);
  kafka.recorder.wait_reports(10);
  CHECK(kafka.recorder.count(Outcome::delivered) == 7);
  CHECK(kafka.recorder.count(Outcome::refused) == 3);
  CHECK(kafka.recorder.by_token.at(3).refusal == Refusal::unknown_topic);
  CHECK(kafka.recorder.reopened == 0);
  CHECK(kafka.stored_values() == std::vector<std::string>{"0", "1", "4", "5", "6", "8", "9"});
}

TEST_CASE("the own topic made again with fewer partitions: given back, then delivered") {
  Real kafka;
  kafka.broker.create(kafka.topic, 4);
  kafka.attach();
  for (Token token = 1; token <= 100; ++token) {
    OutMessage& message = kafka.messages.add(token, std::to_string(token - 1));
    message.key = message.value;
  }
  CHECK(kafka.channel->submit(kafka.messages.list) == 100);
  kafka.recorder.wait_reports(100);
  kafka.broker.remove(kafka.topic);
  kafka.broker.create(kafka.topic, 1);

  for (OutMessage& message : kafka.messages.list) message.token += 100;
  CHECK(kafka.channel->submit(kafka.messages.list) == 100);
  submit_until_done(kafka, 200);
  CHECK(kafka.recorder.count(Outcome::refused) == 0);
  CHECK(kafka.stored_values().size() >= 100);
}

TEST_CASE("two channels share a sink, and one's missing topic does not hold the other") {
  Real kafka;
  kafka.broker.create(kafka.topic, 1);
  kafka.attach();
  Recorder other;
  const std::string missing = kafka.broker.fresh_topic();
  const auto second = kafka.sink->attach({.route = "s", .topic = missing}, other);
  Messages others(missing);
  others.add_numbered(5);
  CHECK(second->submit(others.list) == 5);
  kafka.messages.add_numbered(100);
  CHECK(kafka.channel->submit(kafka.messages.list) == 100);
  kafka.recorder.wait_reports(100);
  CHECK(kafka.recorder.count(Outcome::delivered) == 100);
  second->stop(in(milliseconds(0)));
  CHECK(other.count(Outcome::given_back) == 5);
}

}  // namespace
}  // namespace rebuf::sinks::test
