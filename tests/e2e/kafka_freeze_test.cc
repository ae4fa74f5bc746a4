// Brokers that neither answer nor hang up, and a rebufd that stops meanwhile.
#include <doctest/doctest.h>

#include <algorithm>

#include "audit.h"
#include "check.h"
#include "daemon.h"
#include "device.h"
#include "measurements.h"
#include "pulse.h"
#include "topic.h"

namespace rebuf::e2e {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds spill_after{1000};

struct Run {
  explicit Run(milliseconds spill_after_in = spill_after) : spill(spill_after_in) {}

  const milliseconds spill;
  test::KafkaCluster& cluster = test::KafkaCluster::get(3);
  const test::TemporaryDirectory scratch;
  const Measurements measurements{"weather.csv.gz"};
  const Topic topic{cluster, 3};
  Daemon daemon{scratch.path(),
                kafka_sink(cluster) + "routes:\n  weather:\n    sink: kafka\n    topic: " +
                    topic.name() + "\n    spill_after: " + std::to_string(spill.count()) +
                    "ms\n    drain: { jitter: 100ms }\n"};
  Fleet fleet;

  void wait_for_state(const std::string& state) const {
    daemon.wait_until(state, [&](const Metrics& now) { return now.state("weather") == state; });
  }
  void start(std::size_t devices) {
    daemon.start();
    wait_for_state("direct");
    for (std::size_t device = 0; device < devices; ++device)
      fleet.add({.port = daemon.port(), .path = "/ingest/weather", .pause = milliseconds(2)},
                share(measurements.rows(), device, devices));
    fleet.start();
    fleet.wait_for_rows(1000);
    wait_for_state("direct");  // the first delivery may have taken longer than spill_after
  }
};

TEST_CASE("while one broker of three is frozen no client waits longer than spill_after and 1 s") {
  Run run;
  run.start(12);
  Pulse pulse(run.scratch.path());
  Audit audit(run.daemon, "weather");
  run.cluster.run("stop", 2);
  run.daemon.wait_until("buffering",
                        [](const Metrics& now) { return now.state("weather") == "buffering"; });
  run.fleet.wait_for_rows(3000);
  run.cluster.run("cont", 2);
  run.fleet.wait_for_rows(1000);

  const std::vector<Sending>& sendings = run.fleet.finish();
  Clock::duration longest{};
  for (const Sending& sending : sendings) {
    CHECK(sending.acknowledged());
    longest = std::max(longest, sending.end - sending.begin);
  }
  CHECK(within_promise(longest, spill_after, pulse));
  run.daemon.wait_until_drained("weather");
  CHECK(audit.finish().empty());
  CHECK(run.daemon.stop() == 0);
  Explained explained;
  explained.allow_repetitions(run.daemon.possible_repetitions(), 1000);
  const Verdict verdict = check(sendings, run.topic.arrivals(), explained);
  CHECK_MESSAGE(verdict.violations.empty(), verdict.violations, run.daemon.log_end());
}

TEST_CASE("an orderly stop while Kafka is frozen loses nothing of what is in flight") {
  Run run(milliseconds(20'000));  // none of what waits goes to the log before all do
  run.start(8);
  for (const int node : {1, 2, 3}) run.cluster.run("stop", node);
  run.daemon.wait_until("every client waits", [](const Metrics& now) {
    return now.count("rebufd_in_flight_messages", "weather") == 8;
  });
  CHECK(run.daemon.stop() == 0);
  for (const int node : {1, 2, 3}) run.cluster.run("cont", node);
  run.daemon.start();
  const std::vector<Sending>& sendings = run.fleet.finish();
  run.daemon.wait_until_drained("weather");
  // What Kafka took without being able to say so: at most one message of each client was in flight.
  Explained explained{.duplicates = 8};
  explained.allow_repetitions(run.daemon.possible_repetitions(), 1000);
  const Verdict verdict = check(sendings, run.topic.arrivals(), explained);
  CHECK_MESSAGE(verdict.violations.empty(), verdict.violations, run.daemon.log_end());
  for (const Sending& sending : sendings) CHECK(sending.outcome != Outcome::unknown);
}

}  // namespace
}  // namespace rebuf::e2e
