// The Kafka sink and a real broker that dies, freezes and comes back.
#include <doctest/doctest.h>

#include "real.h"

namespace rebuf::sinks::test {
namespace {

constexpr std::size_t many = 20'000;

TEST_CASE("a broker that is killed with thousands held gets each once, in order, when it is back") {
  Real kafka;
  kafka.broker.create(kafka.topic, 1);
  kafka.attach();
  kafka.recorder.probe_until_up(*kafka.channel);
  kafka.messages.add_numbered(many, 200);
  CHECK(kafka.channel->submit(std::span(kafka.messages.list).first(many / 2)) == many / 2);
  kafka.recorder.wait_reports(1);
  kafka.broker.run("kill");
  CHECK(kafka.channel->submit(std::span(kafka.messages.list).subspan(many / 2)) == many / 2);
  kafka.recorder.wait(
      "down", [&] { return !kafka.recorder.health.empty() && !kafka.recorder.health.back().up; });
  CHECK_FALSE(kafka.recorder.probe(*kafka.channel).up);

  kafka.broker.run("start");
  kafka.recorder.wait_reports(many);
  CHECK(kafka.recorder.count(Outcome::delivered) == many);
  CHECK(kafka.sink->stats().up);
  CHECK(kafka.stored_values() == numbers(many));
}

TEST_CASE("a broker that freezes is no loss, no duplicate and no disorder") {
  Real kafka;
  kafka.broker.create(kafka.topic, 1);
  kafka.attach();
  kafka.recorder.probe_until_up(*kafka.channel);
  kafka.messages.add_numbered(many, 200);
  CHECK(kafka.channel->submit(std::span(kafka.messages.list).first(many / 2)) == many / 2);
  kafka.broker.run("stop");
  CHECK(kafka.channel->submit(std::span(kafka.messages.list).subspan(many / 2)) == many / 2);
  const HeardHealth frozen = kafka.recorder.probe(*kafka.channel);
  kafka.broker.run("cont");
  CHECK_FALSE(frozen.up);
  kafka.recorder.wait_reports(many);
  CHECK(kafka.recorder.count(Outcome::delivered) == many);
  CHECK(kafka.stored_values() == numbers(many));
}

TEST_CASE("a broker that throttles is slow, not down") {
  Real kafka;
  kafka.broker.create(kafka.topic, 1);
  kafka.broker.limit(kafka.topic, 90'000);
  KafkaSettings settings = Real::settings(kafka.broker);
  settings.options = {{"client.id", kafka.topic}};
  kafka.sink = make_sink(settings);
  kafka.attach();
  kafka.recorder.probe_until_up(*kafka.channel);
  kafka.messages.add_numbered(1100, 1000);
  CHECK(kafka.channel->submit(std::span(kafka.messages.list).first(1000)) == 1000);
  kafka.recorder.wait_reports(1000);
  CHECK(kafka.channel->submit(std::span(kafka.messages.list).subspan(1000)) == 100);
  kafka.recorder.wait_reports(1100);
  CHECK(kafka.recorder.count(Outcome::delivered) == 1100);
  CHECK(kafka.stored_values() == numbers(1100));
  milliseconds longest{0};
  for (const HeardHealth& heard : kafka.recorder.health) {
    CHECK(heard.up);
    longest = std::max(longest, heard.throttled_for);
  }
  CHECK(longest > milliseconds(0));
}

TEST_CASE("what is held when the channel stops is given back, and nothing of it arrives later") {
  Real kafka;
  kafka.broker.create(kafka.topic, 1);
  kafka.attach();
  kafka.recorder.probe_until_up(*kafka.channel);
  kafka.broker.run("kill");
  kafka.recorder.wait("down", [&] { return !kafka.recorder.health.back().up; });
  kafka.messages.add_numbered(100);
  CHECK(kafka.channel->submit(kafka.messages.list) == 100);
  kafka.channel->stop(in(milliseconds(200)));
  CHECK(kafka.recorder.count(Outcome::given_back) == 100);
  for (const auto& [token, heard] : kafka.recorder.by_token) CHECK_FALSE(heard.maybe_delivered);
  kafka.broker.run("start");
  kafka.broker.wait();
  CHECK(kafka.stored_values().empty());
}

TEST_CASE("after a recall the same messages arrive once and in order") {
  Real kafka;
  kafka.broker.create(kafka.topic, 1);
  kafka.attach();
  kafka.recorder.probe_until_up(*kafka.channel);
  kafka.messages.add_numbered(1000);
  kafka.broker.run("kill");
  kafka.recorder.wait("down", [&] { return !kafka.recorder.health.back().up; });
  CHECK(kafka.channel->submit(kafka.messages.list) == 1000);
  kafka.channel->recall();
  kafka.recorder.wait("reopened", [&] { return kafka.recorder.reopened == 1; });
  CHECK(kafka.recorder.count(Outcome::given_back) == 1000);
  for (OutMessage& message : kafka.messages.list) message.token += 1000;
  CHECK(kafka.channel->submit(kafka.messages.list) == 1000);
  kafka.broker.run("start");
  kafka.recorder.wait_reports(2000);
  CHECK(kafka.recorder.count(Outcome::delivered) == 1000);
  CHECK(kafka.stored_values() == numbers(1000));
}

// To purge a third request, behind the two that are on their way, makes librdkafka's producer
// fatal.
TEST_CASE("a recall lets what is on its way be acknowledged before it gives that back") {
  Real kafka;
  kafka.broker.create(kafka.topic, 1);
  kafka.attach();
  kafka.recorder.probe_until_up(*kafka.channel);
  constexpr milliseconds in_transit{300};
  constexpr std::size_t most_messages = 100;
  kafka.messages.add_numbered(most_messages);
  kafka.broker.run("stop");
  // One after the other, so that they fill more than one request.
  const auto begin = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < most_messages;) {
    if (std::chrono::steady_clock::now() < begin + i * milliseconds(1)) continue;
    CHECK(kafka.channel->submit({&kafka.messages.list[i++], 1}) == 1);
  }
  const auto recalled = std::chrono::steady_clock::now();
  kafka.channel->recall();
  kafka.recorder.wait("reopened", [&] { return kafka.recorder.reopened == 1; });
  const auto took = std::chrono::steady_clock::now() - recalled;
  kafka.broker.run("cont");
  CHECK(kafka.recorder.by_token.size() == most_messages);
  for (const auto& [token, heard] : kafka.recorder.by_token)
    CHECK_MESSAGE((!heard.maybe_delivered || took >= in_transit), token, ": ", heard.detail);
}

}  // namespace
}  // namespace rebuf::sinks::test
