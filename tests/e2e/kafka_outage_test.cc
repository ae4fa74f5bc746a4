// The whole path against three real brokers that are killed, with real measurements.
#include <doctest/doctest.h>

#include "audit.h"
#include "check.h"
#include "daemon.h"
#include "device.h"
#include "measurements.h"
#include "topic.h"

namespace rebuf::e2e {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t window = 2000;  // messages

std::string route(const std::string& name, const Topic& topic) {
  return "  " + name + ":\n    sink: kafka\n    topic: " + topic.name() +
         "\n    drain: { jitter: 100ms }\n    buffer: { segment_size: 1MiB, max_bytes: 256MiB }\n"
         "    window: { max_messages: " +
         std::to_string(window) + " }\n";
}

// One route with its topic and four devices.
struct Stream {
  Stream(test::KafkaCluster& cluster, std::string name_in)
      : name(std::move(name_in)), topic(cluster, 6) {}

  void add_devices(const Daemon& daemon, const Measurements& measurements,
                   std::size_t rows_per_post, milliseconds pause) {
    for (std::size_t device = 0; device < 4; ++device)
      fleet.add({.port = daemon.port(),
                 .path = "/ingest/" + name,
                 .rows_per_post = rows_per_post,
                 .pause = pause},
                share(measurements.rows(), device, 4));
    fleet.start();
  }
  // After the fleet has finished and the route is drained.
  void judge(const Daemon& daemon, std::size_t duplicates_allowed) {
    Explained explained{.duplicates = duplicates_allowed};
    explained.allow_repetitions(daemon.possible_repetitions(), window);
    const Verdict verdict = check(fleet.finish(), topic.arrivals(), explained);
    CHECK_MESSAGE(verdict.violations.empty(), name, ": ", verdict.violations, daemon.log_end());
    MESSAGE(name, ": ", verdict.acknowledged, " rows acknowledged, ", verdict.replayed,
            " arrived from the log, ", verdict.duplicates, " duplicates");
  }

  const std::string name;
  const Topic topic;
  Fleet fleet;
};

TEST_CASE("211,681 measurements survive two outages of Kafka and a SIGKILL of rebufd in one") {
  auto& cluster = test::KafkaCluster::get(3);
  const test::TemporaryDirectory scratch;
  const Measurements flight_rows("flights.ndjson.gz");
  const Measurements weather_rows("weather.csv.gz");
  Stream flights(cluster, "flights");
  Stream weather(cluster, "weather");
  Daemon daemon(scratch.path(), kafka_sink(cluster) + "routes:\n" +
                                    route("flights", flights.topic) +
                                    route("weather", weather.topic));
  daemon.start();
  Audit flights_audit(daemon, "flights");
  Audit weather_audit(daemon, "weather");
  const auto both_are = [&](const std::string& state) {
    daemon.wait_until("both routes " + state, [&](const Metrics& now) {
      return now.state("flights") == state && now.state("weather") == state;
    });
  };
  const auto both_get = [&](std::size_t flight_count, std::size_t weather_count) {
    flights.fleet.wait_for_rows(flight_count);
    weather.fleet.wait_for_rows(weather_count);
  };
  // 4,000 rows a second: three brokers on a busy machine must get the backlog faster than that.
  flights.add_devices(daemon, flight_rows, 200, milliseconds(200));
  weather.add_devices(daemon, weather_rows, 1, milliseconds(2));

  both_are("direct");
  both_get(20'000, 1000);
  for (const int node : {1, 2, 3}) cluster.run("kill", node);
  both_are("buffering");
  both_get(10'000, 500);
  daemon.kill();
  daemon.start();
  both_get(10'000, 500);
  for (const int node : {1, 2, 3}) cluster.run("start", node);
  both_are("direct");
  both_get(10'000, 500);
  // One broker is left: too few replicas to acknowledge anything.
  for (const int node : {2, 3}) cluster.run("kill", node);
  both_are("buffering");
  both_get(10'000, 500);
  for (const int node : {2, 3}) cluster.run("start", node);
  both_are("direct");

  for (Stream* stream : {&flights, &weather}) {
    const std::vector<Sending>& sendings = stream->fleet.finish();
    const Metrics end = daemon.wait_until_drained(stream->name);
    CHECK(end.count("rebufd_messages_dropped_total", stream->name) == 0);
    CHECK(end.count("rebufd_messages_dead_lettered_total", stream->name) == 0);
    for (const Sending& sending : sendings)
      if (sending.status >= 400) CHECK_MESSAGE(sending.status == 503, sending.code);
  }
  CHECK(flights_audit.finish().empty());
  CHECK(weather_audit.finish().empty());
  CHECK(daemon.stop() == 0);
  // What lay in the window when rebufd was killed.
  flights.judge(daemon, window);
  weather.judge(daemon, window);
}

}  // namespace
}  // namespace rebuf::e2e
