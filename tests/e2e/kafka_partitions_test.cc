// Messages without a key into several partitions of a real broker.
#include <doctest/doctest.h>

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "client.h"
#include "daemon.h"
#include "tests/support/temporary_directory.h"
#include "topic.h"

namespace rebuf::e2e {
namespace {

TEST_CASE("rebufd is killed while it drains: without a key, too, copies lie where the first lies") {
  constexpr std::size_t requests = 20;
  constexpr std::size_t lines = 500;
  constexpr std::int64_t kills = 3;
  auto& cluster = test::KafkaCluster::get(1);
  const test::TemporaryDirectory directory;
  const Topic topic(cluster, 5);
  // `ack: buffered`: every message comes out of the log.
  Daemon daemon(directory.path(), kafka_sink(cluster) + "routes:\n  plant:\n    sink: kafka\n" +
                                      "    topic: " + topic.name() + "\n    ack: buffered\n" +
                                      "    drain: { jitter: 0s }\n");
  daemon.start();
  const std::filesystem::path obstacle = daemon.obstruct_cursor("plant");
  Client client(daemon.port(), "/ingest/plant");
  for (std::size_t request = 0; request < requests; ++request)
    CHECK(client.post_lines(std::vector<std::string>(lines, "x")).status == 202);
  for (std::int64_t kill = 1; kill <= kills; ++kill) {
    daemon.wait_until("a part of it is delivered", [&](const Metrics& now) {
      return now.count("rebufd_messages_delivered_total", "plant") >= 2000 * kill;
    });
    daemon.kill();
    if (kill == kills) std::filesystem::remove(obstacle);
    daemon.start();
  }
  daemon.wait_until_drained("plant");
  CHECK(daemon.stop() == 0);

  std::map<Id, std::int32_t> partition_of;
  std::map<std::int32_t, Id> last_first_copy;
  std::size_t copies = 0;
  std::size_t elsewhere = 0;
  std::size_t out_of_order = 0;
  for (const Arrival& arrival : topic.arrivals()) {
    const auto [known, first] = partition_of.emplace(arrival.id, arrival.stream);
    if (!first) {
      ++copies;
      elsewhere += known->second != arrival.stream ? 1 : 0;
      continue;
    }
    Id& last = last_first_copy[arrival.stream];
    out_of_order += arrival.id < last ? 1 : 0;
    last = arrival.id;
  }
  CHECK(partition_of.size() == requests * lines);
  CHECK(last_first_copy.size() > 1);
  CHECK(copies >= 2000);
  CHECK(elsewhere == 0);
  CHECK(out_of_order == 0);
  MESSAGE(copies, " copies in ", last_first_copy.size(), " partitions");
}

TEST_CASE("the messages of a request lie in one partition, in order, and requests in all of them") {
  constexpr std::size_t requests = 50;  // no partition is left out for so long
  constexpr std::size_t lines = 1000;
  auto& cluster = test::KafkaCluster::get(1);
  const test::TemporaryDirectory directory;
  const Topic topic(cluster, 5);
  Daemon daemon(directory.path(), kafka_sink(cluster) + "routes:\n  plant:\n    sink: kafka\n" +
                                      "    topic: " + topic.name() +
                                      "\n    drain: { jitter: 0s }\n");
  daemon.start();
  Client client(daemon.port(), "/ingest/plant");
  for (std::size_t request = 0; request < requests; ++request) {
    std::vector<std::string> values;
    for (std::size_t line = 0; line < lines; ++line)
      values.push_back(std::to_string(request * lines + line));
    CHECK(client.post_lines(values).status / 100 == 2);  // 202 at first
  }
  daemon.wait_until_drained("plant");
  CHECK(daemon.stop() == 0);

  std::map<std::size_t, std::set<std::int32_t>> partitions_of;  // a request
  std::map<std::size_t, std::size_t> arrived;
  std::set<std::int32_t> all;
  for (const Arrival& arrival : topic.arrivals()) {
    const std::size_t number = std::stoul(arrival.value);
    const std::size_t request = number / lines;
    CHECK(number % lines == arrived[request]++);
    partitions_of[request].insert(arrival.stream);
    all.insert(arrival.stream);
  }
  CHECK(partitions_of.size() == requests);
  for (const auto& [request, partitions] : partitions_of) {
    CHECK(partitions.size() == 1);
    CHECK(arrived[request] == lines);
  }
  CHECK(all.size() == 5);
}

}  // namespace
}  // namespace rebuf::e2e
