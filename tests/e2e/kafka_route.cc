#include "kafka_route.h"

#include <doctest/doctest.h>

namespace rebuf::e2e {

using std::chrono::milliseconds;

KafkaRoute::KafkaRoute(int nodes)
    : cluster(test::KafkaCluster::get(nodes)),
      network(cluster),
      topic(cluster, 3),
      daemon(scratch.path(), configuration(network.kafka_sink(topic.name()))) {
  daemon.set_environment(saboteur.environment());
}

std::string KafkaRoute::configuration(const std::string& sinks) const {
  return "stop_timeout: 2s\n" + sinks +
         "routes:\n  weather:\n    sink: kafka\n    topic: " + topic.name() +
         "\n    spill_after: " + std::to_string(spill_after.count()) +
         "ms\n    drain: { jitter: 50ms }\n    window: { max_messages: " + std::to_string(window) +
         " }\n";
}

void KafkaRoute::add_devices(Fleet& devices_of, std::size_t devices, const std::string& odd_text) {
  for (std::size_t device = 0; device < devices; ++device)
    devices_of.add({.port = daemon.port(),
                    .path = "/ingest/weather",
                    .pause = milliseconds(2),
                    .odd_every = odd_text.empty() ? 0U : 100U,
                    .odd_text = odd_text,
                    .endless = true},
                   share(measurements.rows(), device, devices));
  devices_of.start();
}

void KafkaRoute::start(std::size_t devices, const std::string& odd_text) {
  daemon.start();
  wait_for_state("direct");
  add_devices(fleet, devices, odd_text);
  fleet.wait_for_rows(500);
  wait_for_state("direct");  // the first delivery may have taken longer than spill_after
}

void KafkaRoute::wait_for_state(const std::string& state) const {
  daemon.wait_until(state, [&](const Metrics& now) { return now.state("weather") == state; });
}

void KafkaRoute::wait_until_buffering() {
  wait_for_state("buffering");
  fleet.wait_for_rows(500);
}

void KafkaRoute::wait_until_direct() {
  wait_for_state("direct");
  fleet.wait_for_rows(500);
}

Verdict KafkaRoute::finish(Explained explained) {
  const std::vector<Sending>& sendings = fleet.finish();
  const Metrics end = daemon.wait_until_drained("weather");
  CHECK_MESSAGE(end.imbalance("weather").empty(), end.imbalance("weather"));
  CHECK(end.count("rebufd_messages_dropped_total", "weather") == 0);
  CHECK(daemon.stop() == 0);
  if (cluster.nodes() > 1) explained.allow_repetitions(daemon.possible_repetitions(), window);
  Verdict verdict = check(sendings, topic.arrivals(), explained);
  CHECK_MESSAGE(verdict.violations.empty(), verdict.violations, daemon.log_end());
  MESSAGE(verdict.acknowledged, " rows acknowledged, ", verdict.replayed, " from the log, ",
          verdict.duplicates, " duplicates (", explained.duplicates, " explained)");
  return verdict;
}

}  // namespace rebuf::e2e
