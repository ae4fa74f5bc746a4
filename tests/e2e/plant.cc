#include "plant.h"

#include <doctest/doctest.h>

#include <set>
#include <string_view>

#include "tests/support/topic_reader.h"

namespace rebuf::e2e {

Plant::Plant(const std::string& route_lines)
    : cluster(test::KafkaCluster::get(1)),
      network(cluster),
      topic(cluster, 1),
      daemon(scratch.path(), "stop_timeout: 2s\n" + network.kafka_sink(topic.name()) +
                                 "routes:\n  plant:\n    sink: kafka\n    topic: " + topic.name() +
                                 "\n    spill_after: 20s\n    drain: { jitter: 0s }\n" +
                                 route_lines),
      client(daemon.port(), "/ingest/plant") {}

void Plant::start() {
  daemon.start();
  wait_for_state("direct");
}

void Plant::lose_network() {
  network.be(Weather::resets);
  wait_for_state("buffering");
}

void Plant::wait_for_state(const std::string& state) const {
  daemon.wait_until(state, [&](const Metrics& now) { return now.state("plant") == state; });
}

Metrics Plant::wait_until_done() const {
  daemon.wait_until_drained("plant");
  Metrics end = daemon.wait_until(
      "direct", [](const Metrics& now) { return now.state("plant") == "direct"; });
  CHECK_MESSAGE(end.imbalance("plant").empty(), end.imbalance("plant"));
  return end;
}

void Plant::wait_until_stored(std::size_t messages) const {
  const auto deadline = Clock::now() + std::chrono::seconds(100);
  while (stored().size() < messages) REQUIRE(Clock::now() < deadline);
}

std::vector<std::string> Plant::stored(const std::string& topic_name) const {
  std::vector<std::string> values;
  for (test::Stored& message : test::read_topic(cluster.bootstrap(), topic_name))
    values.push_back(std::move(message.value));
  return values;
}

std::vector<std::string> numbered_lines(std::size_t count) {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < count; ++i)
    lines.push_back(std::to_string(i) + " " + std::string(Plant::limit_bytes / 40, '-'));
  return lines;
}

std::vector<std::string> first_copies(const std::vector<std::string>& values) {
  std::vector<std::string> firsts;
  std::set<std::string_view> seen;
  for (const std::string& value : values)
    if (seen.insert(value).second) firsts.push_back(value);
  return firsts;
}

void make_too_large(std::string& line) { line += std::string(2 * Plant::limit_bytes, '.'); }

std::vector<std::string> without(std::vector<std::string> lines,
                                 const std::vector<std::size_t>& places) {
  for (auto place = places.rbegin(); place != places.rend(); ++place)
    lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(*place));
  return lines;
}

}  // namespace rebuf::e2e
