// Reloads of the configuration under devices that post, and a judge of what arrived.
#include <doctest/doctest.h>
#include <signal.h>

#include <array>
#include <cstdlib>
#include <random>
#include <string>

#include "audit.h"
#include "check.h"
#include "daemon.h"
#include "device.h"
#include "endpoint.h"
#include "measurements.h"

namespace rebuf::e2e {
namespace {

using std::chrono::milliseconds;

// A route `weather` into one endpoint, by one of two sinks; all else as chance will have it.
std::string any_configuration(const Endpoint& endpoint, std::mt19937_64& chance) {
  const auto one_of = [&](std::array<const char*, 2> choices) {
    return std::string(choices[chance() % 2]);
  };
  const std::string url = "http://127.0.0.1:" + std::to_string(endpoint.port());
  const auto sink = [&](const std::string& name) {
    return "  " + name + ": { type: http, url: \"" + url + "/" + name +
           "\", timeout: " + one_of({"20s", "30s"}) + ", retry: { min: 50ms, max: 200ms } }\n";
  };
  // A busy machine is no outage, and what is taken is answered.
  return "stop_timeout: 60s\nsinks:\n" + sink("a") + sink("b") +
         "route_defaults: { sink: a, spill_after: 20s, drain: { jitter: 0s } }\n"
         "routes:\n  weather:\n    path: /ingest/weather\n    sink: " +
         one_of({"a", "b"}) + "\n    ack: " + one_of({"delivered_or_buffered", "buffered"}) +
         "\n    window: { max_messages: " + one_of({"100", "500"}) +
         " }\n    buffer: { segment_size: " + one_of({"64KiB", "128KiB"}) +
         ", max_bytes: 64MiB }\n" + one_of({"", "  other: {}\n"});
}

std::uint64_t seed_of_this_run() {
  const char* given = std::getenv("REBUF_TEST_SEED");
  return given != nullptr ? std::stoull(given) : 1;
}

struct Run {
  Run() : daemon(scratch.path(), any_configuration(endpoint, chance)) {
    endpoint.open();
    daemon.start();
    for (std::size_t device = 0; device < 4; ++device)
      fleet.add({.port = daemon.port(),
                 .path = "/ingest/weather",
                 .rows_per_post = device % 2 == 0 ? 1U : 20U,
                 .pause = milliseconds(device % 2 == 0 ? 1 : 10),
                 .name_in_value = true,
                 .endless = true},
                share(measurements.rows(), device, 4));
    fleet.start();
  }
  void reload_some(int times) {
    for (int i = 0; i < times; ++i) {
      fleet.wait_for_rows(chance() % 60);
      daemon.configure(any_configuration(endpoint, chance));
      if (chance() % 3 == 0) daemon.send(SIGHUP);  // and another behind it, perhaps
      CHECK(daemon.ctl({"reload"}).code == 0);
    }
  }

  const std::uint64_t seed = seed_of_this_run();
  std::mt19937_64 chance{seed};
  const test::TemporaryDirectory scratch;
  const Measurements measurements{"weather.csv.gz"};
  Endpoint endpoint;
  Daemon daemon;
  Fleet fleet;
};

}  // namespace

TEST_CASE(
    "reloads at random moments, with the endpoint there and away: nothing is lost or doubled") {
  Run run;
  MESSAGE("repeat with REBUF_TEST_SEED=", run.seed);
  Audit audit(run.daemon, "weather");
  run.reload_some(10);
  run.endpoint.close();
  run.reload_some(10);
  run.endpoint.open();
  run.reload_some(10);
  run.fleet.wind_down();
  const std::vector<Sending>& sendings = run.fleet.finish();
  const Metrics end = run.daemon.wait_until_drained("weather");
  CHECK_MESSAGE(end.imbalance("weather").empty(), end.imbalance("weather"));
  CHECK(audit.finish().empty());
  CHECK(run.daemon.stop() == 0);
  const Verdict verdict = check(sendings, run.endpoint.arrivals(),
                                {.duplicates = run.endpoint.unanswered(), .sink_repeats = true});
  CHECK_MESSAGE(verdict.violations.empty(), verdict.violations, run.daemon.log_end());
  CHECK(verdict.acknowledged > 0);
  for (const Sending& sending : sendings)
    if (!sending.acknowledged()) CHECK(sending.code == "stopping");
}

}  // namespace rebuf::e2e
