// Reloads of the configuration on the way into a real Kafka.
#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "audit.h"
#include "kafka_route.h"
#include "tests/support/free_port.h"

namespace rebuf::e2e {
namespace {

// A busy machine is no outage, and what is taken is answered.
std::string patient(const KafkaRoute& run, const std::string& option) {
  return "stop_timeout: 60s\n" + run.network.kafka_sink(run.topic.name(), option) +
         "routes:\n  weather:\n    sink: kafka\n    topic: " + run.topic.name() +
         "\n    spill_after: 25s\n    drain: { jitter: 0s }\n";
}

// What it did not accept it refused because its route was just being opened again.
void check_refusals(const std::vector<Sending>& sendings) {
  for (const Sending& sending : sendings)
    if (!sending.acknowledged()) CHECK(sending.code == "stopping");
}

}  // namespace

TEST_CASE("a Kafka sink is made anew while clients send: all arrives once, in order") {
  KafkaRoute run(1);
  run.daemon.configure(patient(run, "compression.type: none"));
  run.start(8);
  Audit audit(run.daemon, "weather");
  for (const char* const codec : {"lz4", "none", "gzip", "none", "lz4"}) {
    run.daemon.configure(patient(run, std::string("compression.type: ") + codec));
    CHECK(run.daemon.ctl({"reload"}).output == "reloaded\nchanged: weather\n");
    run.fleet.wait_for_rows(200);
  }
  const std::vector<Sending>& sendings = run.fleet.finish();
  check_refusals(sendings);
  run.daemon.wait_until_drained("weather");
  const auto status = nlohmann::json::parse(run.daemon.get("/api/v1/status").value());
  const Verdict verdict = run.finish();
  CHECK(verdict.duplicates == 0);
  CHECK(audit.finish().empty());
  const auto& totals = status.at("routes").at(0).at("totals");
  CHECK(totals.at("accepted") == verdict.acknowledged);
  CHECK(totals.at("delivered") == verdict.acknowledged);
  CHECK(totals.at("exact") == true);
}

TEST_CASE("brokers that never answered are changed in the file: the backlog arrives once, whole") {
  KafkaRoute run(1);
  const std::string nowhere = "127.0.0.1:" + std::to_string(test::free_port());
  run.daemon.configure(run.configuration(Network::kafka_sink_at(nowhere, run.topic.name())));
  run.daemon.start();
  run.add_devices(run.fleet, 6);
  run.fleet.wait_for_rows(3000);
  run.daemon.configure(
      run.configuration(Network::kafka_sink_at(run.cluster.gateway_bootstrap(), run.topic.name())));
  CHECK(run.daemon.reload());
  run.wait_until_direct();
  const Verdict verdict = run.finish();
  CHECK(verdict.replayed >= 3000);
  CHECK(verdict.duplicates == 0);
  check_refusals(run.fleet.finish());
}

TEST_CASE("brokers that went away are changed in the file: the backlog comes first, in order") {
  KafkaRoute run(1);
  run.start();
  Audit audit(run.daemon, "weather");
  run.network.be(Weather::black_hole);
  run.wait_until_buffering();
  run.daemon.configure(
      run.configuration(Network::kafka_sink_at(run.cluster.gateway_bootstrap(), run.topic.name())));
  CHECK(run.daemon.reload());
  run.wait_until_direct();
  run.network.be(Weather::fair);  // what was under way to where they were may arrive now
  run.fleet.wait_for_rows(500);
  CHECK(run.finish({.duplicates = KafkaRoute::window}).replayed > 0);
  CHECK(audit.finish().empty());
}

}  // namespace rebuf::e2e
