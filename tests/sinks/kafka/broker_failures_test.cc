// The Kafka sink and a real broker that dies, freezes and comes back.
#include <doctest/doctest.h>
#include <sys/resource.h>

#include <mutex>

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

// No descriptor can be opened while it lives, whatever is open.
class NoDescriptors {
 public:
  NoDescriptors() {
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before_) == 0);
    rlimit none = before_;
    none.rlim_cur = 0;
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  }
  ~NoDescriptors() { CHECK(::setrlimit(RLIMIT_NOFILE, &before_) == 0); }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

 private:
  rlimit before_{};
};

TEST_CASE("a producer made while no descriptor was left is made anew when there are some") {
  Real kafka;
  kafka.broker.create(kafka.topic, 1);
  std::mutex mutex;
  std::string log;
  KafkaSettings settings = Real::settings(kafka.broker);
  auto made = make_kafka_sink(
      settings,
      [&](LogLevel /*level*/, std::string_view line) {
        const std::lock_guard lock(mutex);
        log.append(line).append("\n");
      },
      nullptr);
  REQUIRE_MESSAGE(made.sink != nullptr, made.error);
  kafka.sink = std::move(made.sink);
  kafka.attach();
  kafka.recorder.probe_until_up(*kafka.channel);
  {
    const NoDescriptors none;
    kafka.channel->recall();
    kafka.recorder.wait("reopened", [&] { return kafka.recorder.reopened == 1; });
    (void)kafka.recorder.wait_down();
  }
  // librdkafka would wake its threads no more: each message would wait for the end of their sleep.
  kafka.messages.add_numbered(10);
  CHECK(kafka.channel->submit(kafka.messages.list) == 10);
  kafka.recorder.wait_reports(10);
  CHECK(kafka.recorder.count(Outcome::delivered) == 10);
  const auto deadline = std::chrono::steady_clock::now() + patience;
  const auto told = [&] {
    const std::lock_guard lock(mutex);
    return log.find("a new producer: one made while descriptors were short") != std::string::npos;
  };
  while (!told()) REQUIRE(std::chrono::steady_clock::now() < deadline);
  CHECK(kafka.stored_values() == numbers(10));
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
