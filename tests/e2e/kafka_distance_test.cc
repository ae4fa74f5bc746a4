// A long way to a broker that leads many partitions: 0.4 s there and back, later a short one. One
// partition's messages travel in a request, so that fifty of them, one after the other, would take
// 20 s.
#include <doctest/doctest.h>

#include <array>
#include <future>
#include <map>
#include <string>

#include "client.h"
#include "daemon.h"
#include "network.h"
#include "tests/support/temporary_directory.h"
#include "topic.h"

namespace rebuf::e2e {
namespace {

constexpr int partitions = 50;
constexpr std::size_t lines = 500;  // of a request with a key, and when the way is short
// Of a request without a key: enough for the next one to go to the next partition.
constexpr std::size_t few_lines = 10;
constexpr std::size_t requests = partitions + 10;  // that go to all partitions
const char* const out_of_the_log = "out of the log";

std::vector<std::string> numbered(const std::string& name, std::size_t begin, std::size_t count) {
  std::vector<std::string> values;
  for (std::size_t i = 0; i < count; ++i) values.push_back(name + " " + std::to_string(begin + i));
  return values;
}

// Two requests, the second once the first is answered; how often that was a 200 for all of it.
int post_two(const Daemon& daemon, const std::string& key) {
  const std::size_t count = key.empty() ? few_lines : lines;
  Client client(daemon.port(), "/ingest/far");
  const Client::Headers headers =
      key.empty() ? Client::Headers{} : Client::Headers{{"Rebuf-Key", key}};
  int delivered = 0;
  for (std::size_t request = 0; request < 2; ++request)
    delivered +=
        client.post_lines(numbered(key, request * count, count), headers).delivered == count;
  return delivered;
}

// Requests of many messages, one after the other, until rebufd has noticed that the way is short.
// How many messages were answered 200; all, or the test fails.
std::size_t post_until_near(const Daemon& daemon) {
  Client client(daemon.port(), "/ingest/far");
  const auto deadline = Clock::now() + std::chrono::seconds(60);
  std::size_t posted = 0;
  std::size_t delivered = 0;
  while (daemon.log().find("the brokers are near") == std::string::npos &&
         Clock::now() < deadline) {
    delivered += client.post_lines(numbered("near", posted, lines), {}).delivered;
    posted += lines;
  }
  CHECK_MESSAGE(Clock::now() < deadline, daemon.log_end());
  CHECK(delivered == posted);
  return delivered;
}

TEST_CASE("over a long way into fifty partitions a route stays direct, and drains, in order") {
  auto& cluster = test::KafkaCluster::get(1);
  const test::TemporaryDirectory directory;
  const Topic topic(cluster, partitions);
  Network network(cluster);
  network.be(Weather::slow);
  Daemon daemon(directory.path(),
                network.kafka_sink(topic.name()) + "routes:\n  far:\n" +
                    "    sink: kafka\n    topic: " + topic.name() +
                    "\n    spill_after: 15s\n    drain: { jitter: 0s }\n"
                    "    window: { max_bytes: 32MiB }\n",
                "  max_body: 24MiB\n");
  daemon.start();
  const auto wait_until_direct = [&] {
    daemon.wait_until("direct", [](const Metrics& now) { return now.state("far") == "direct"; });
  };
  wait_until_direct();

  const std::array<std::string, 3> keys{"a", "b", "c"};
  std::array<std::future<int>, requests + keys.size()> devices;
  for (std::size_t i = 0; i < devices.size(); ++i)
    devices.at(i) = std::async(std::launch::async, post_two, std::cref(daemon),
                               i < requests ? std::string() : keys.at(i - requests));
  for (std::future<int>& device : devices) CHECK(device.get() == 2);

  // What the topic does not take is refused in one go.
  Client client(daemon.port(), "/ingest/far");
  const std::vector<std::string> too_large(few_lines, std::string(1'100'000, 'x'));
  CHECK(client.post_lines(too_large).status == 422);

  CHECK(daemon.ctl({"route", "pause", "far"}).code == 0);
  for (std::size_t i = 0; i < requests; ++i)
    CHECK(client.post_lines(numbered(out_of_the_log, i * few_lines, few_lines)).buffered ==
          few_lines);
  CHECK(daemon.ctl({"route", "resume", "far"}).code == 0);
  daemon.wait_until_drained("far");
  wait_until_direct();

  network.be(Weather::fair);
  std::array<std::future<std::size_t>, 4> near;
  for (std::future<std::size_t>& device : near)
    device = std::async(std::launch::async, post_until_near, std::cref(daemon));
  std::size_t nearby = 0;
  for (std::future<std::size_t>& device : near) nearby += device.get();
  CHECK(daemon.stop() == 0);

  std::size_t replayed = 0;
  std::size_t out_of_order = 0;
  std::map<std::int32_t, Id> last;
  const std::vector<Arrival> arrivals = topic.arrivals();
  for (const Arrival& arrival : arrivals) {
    CHECK(arrival.replayed == arrival.value.starts_with(out_of_the_log));
    replayed += arrival.replayed ? 1 : 0;
    Id& before = last[arrival.stream];
    out_of_order += before < arrival.id ? 0 : 1;  // a copy is that, too
    before = arrival.id;
  }
  CHECK(arrivals.size() == 2 * keys.size() * lines + 3 * requests * few_lines + nearby);
  CHECK(replayed == requests * few_lines);
  CHECK(last.size() == partitions);
  CHECK(out_of_order == 0);
}

}  // namespace
}  // namespace rebuf::e2e
