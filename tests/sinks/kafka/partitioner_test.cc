// Where messages go, seen through a sink on the embedded cluster, whose topics have three
// partitions.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "recorder.h"

namespace rebuf::sinks::test {
namespace {

constexpr std::int32_t partitions = 3;

struct Placed {
  explicit Placed(const std::string& partitioner = KafkaSettings().partitioner)
      : sink(make_sink(with(partitioner))),
        channel(sink->attach({.route = "r", .topic = "readings"}, recorder)) {}
  ~Placed() { channel->stop(in(milliseconds(0))); }

  static KafkaSettings with(const std::string& partitioner) {
    KafkaSettings settings = embedded_settings();
    settings.partitioner = partitioner;
    return settings;
  }
  // Where the messages arrive, in their order.
  std::vector<std::int32_t> submit() {
    CHECK(channel->submit(messages.list) == messages.list.size());
    recorder.wait_reports(messages.list.size());
    std::vector<std::int32_t> places;
    for (const OutMessage& message : messages.list)
      places.push_back(recorder.by_token.at(message.token).partition);
    return places;
  }

  std::unique_ptr<KafkaSink> sink;
  Recorder recorder;
  Messages messages{"readings"};
  std::unique_ptr<Channel> channel;
};

std::size_t different(const std::vector<std::int32_t>& places) {
  return std::set(places.begin(), places.end()).size();
}

TEST_CASE("a key goes to the partition where Java clients place it") {
  // From the tests of Kafka's own Utils.murmur2().
  const std::array<std::pair<const char*, std::int32_t>, 6> hashes{{
      {"21", -973932308},
      {"foobar", -790332482},
      {"a-little-bit-long-string", -985981536},
      {"a-little-bit-longer-string", -1486304829},
      {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
      {"abc", 479470107},
  }};
  Placed kafka;
  std::vector<std::int32_t> expected;
  for (const auto& [key, hash] : hashes) {
    kafka.messages.add(expected.size() + 1, "value").key = key;
    expected.push_back((hash & 0x7fffffff) % partitions);
  }
  CHECK(kafka.submit() == expected);
}

TEST_CASE("a message without a key goes where its id says, whoever sends it, and all share alike") {
  constexpr std::size_t count = 3000;
  std::vector<std::vector<std::int32_t>> places;
  for (int sender = 0; sender < 2; ++sender) {
    Placed kafka;
    for (Token token = 1; token <= count; ++token) kafka.messages.add(token, "value");
    places.push_back(kafka.submit());
  }
  CHECK(places[0] == places[1]);
  for (std::int32_t partition = 0; partition < partitions; ++partition) {
    const auto share = std::ranges::count(places[0], partition);
    CHECK(share > 900);
    CHECK(share < 1100);
  }
}

TEST_CASE("ids count for what the partitioner would leave to chance, keys for the rest") {
  struct Rule {
    const char* partitioner;
    bool spread_without_key, spread_empty_key, spread_key;
  };
  const std::array<Rule, 7> rules{{
      {"murmur2_random", true, false, false},
      {"murmur2", false, false, false},
      {"consistent_random", true, true, false},
      {"consistent", false, false, false},
      {"fnv1a_random", true, false, false},
      {"fnv1a", false, false, false},
      {"random", true, true, true},
  }};
  constexpr std::size_t each = 60;
  const std::array<std::optional<std::string_view>, 3> keys{std::nullopt, "", "key"};
  for (const Rule& rule : rules) {
    CAPTURE(rule.partitioner);
    Placed kafka(rule.partitioner);
    for (std::size_t i = 0; i < keys.size(); ++i)
      for (std::size_t number = 0; number < each; ++number)
        kafka.messages.add((i * each + number + 1) * MessageId::run_length, "value").key = keys[i];
    const std::vector<std::int32_t> places = kafka.submit();
    const std::array<bool, 3> expected{rule.spread_without_key, rule.spread_empty_key,
                                       rule.spread_key};
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const auto begin = places.begin() + static_cast<std::ptrdiff_t>(i * each);
      CAPTURE(i);
      CHECK((different({begin, begin + each}) > 1) == expected[i]);
    }
  }
}

TEST_CASE("a partitioner that librdkafka does not have is an error") {
  const auto made = make_kafka_sink(Placed::with("murmur3"), nullptr, nullptr);
  CHECK(made.sink == nullptr);
  CHECK(made.error.find("murmur3") != std::string::npos);
}

}  // namespace
}  // namespace rebuf::sinks::test
