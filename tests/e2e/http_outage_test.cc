// The whole path to an HTTP endpoint that misbehaves.
#include <doctest/doctest.h>

#include "audit.h"
#include "check.h"
#include "daemon.h"
#include "device.h"
#include "endpoint.h"
#include "measurements.h"

namespace rebuf::e2e {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::string hook(const Endpoint& endpoint, const std::string& format) {
  return "sinks:\n  hook:\n    type: http\n    url: http://127.0.0.1:" +
         std::to_string(endpoint.port()) +
         "/in\n    timeout: 1s\n    retry: { min: 50ms, max: 200ms }\n    batch: { format: " +
         format +
         " }\nroutes:\n  weather:\n    sink: hook\n    spill_after: 500ms\n"
         "    drain: { jitter: 50ms }\n    window: { max_messages: 500 }\n"
         "    buffer: { segment_size: 64KiB, max_bytes: 64MiB }\n";
}

struct Run {
  explicit Run(const std::string& format) : daemon(scratch.path(), hook(endpoint, format)) {}

  const test::TemporaryDirectory scratch;
  const Measurements measurements{"weather.csv.gz"};
  Endpoint endpoint;
  Daemon daemon;
  Fleet fleet;
  std::int64_t found_again = 0;  // messages in the log after a kill: some may have arrived before

  void add_devices(std::size_t devices) {
    for (std::size_t device = 0; device < devices; ++device)
      fleet.add({.port = daemon.port(),
                 .path = "/ingest/weather",
                 .rows_per_post = device % 2 == 0 ? 1U : 50U,
                 .pause = milliseconds(device % 2 == 0 ? 2 : 50),
                 .name_in_value = true},
                share(measurements.rows(), device, devices));
    fleet.start();
  }
  void wait_for_state(const std::string& state) const {
    daemon.wait_until(state, [&](const Metrics& now) { return now.state("weather") == state; });
  }
  void judge() {
    const std::size_t repeated = endpoint.unanswered() + static_cast<std::size_t>(found_again);
    const Verdict verdict =
        check(fleet.finish(), endpoint.arrivals(), {.duplicates = repeated, .sink_repeats = true});
    CHECK_MESSAGE(verdict.violations.empty(), verdict.violations, daemon.log_end());
    CHECK(verdict.replayed > 0);
    MESSAGE(verdict.acknowledged, " rows acknowledged, ", verdict.replayed,
            " arrived from the log, ", verdict.duplicates, " duplicates");
  }
};

void survive(const std::string& format) {
  Run run(format);
  run.endpoint.open();
  run.daemon.start();
  Audit audit(run.daemon, "weather");
  run.add_devices(8);
  run.wait_for_state("direct");
  run.fleet.wait_for_rows(500);
  for (const Manner manner :
       {Manner::is_busy, Manner::hangs, Manner::resets, Manner::takes_and_resets}) {
    CAPTURE(manner);
    run.endpoint.be(manner);
    run.wait_for_state("buffering");
    run.fleet.wait_for_rows(500);
    run.endpoint.be(Manner::takes);
    run.wait_for_state("direct");
    run.fleet.wait_for_rows(500);
  }
  run.endpoint.close();
  run.wait_for_state("buffering");
  run.fleet.wait_for_rows(500);
  run.daemon.kill();
  run.daemon.start();
  run.found_again =
      run.daemon.metrics().count("rebufd_messages_recovered_total", "weather", {{"from", "log"}});
  run.fleet.wait_for_rows(500);
  run.endpoint.open();
  run.wait_for_state("direct");
  (void)run.fleet.finish();
  run.daemon.wait_until_drained("weather");
  CHECK(audit.finish().empty());
  CHECK(run.daemon.stop() == 0);
  run.judge();
}

TEST_CASE("an endpoint that is busy, hangs, resets and vanishes gets every row, in batches") {
  survive("ndjson");
}

TEST_CASE("an endpoint that is busy, hangs, resets and vanishes gets every row, one by one") {
  survive("single");
}

TEST_CASE("rows that were kept over a stop are delivered when the endpoint comes at last") {
  Run run("ndjson");
  run.daemon.start();
  run.add_devices(4);
  const std::vector<Sending>& sendings = run.fleet.finish();
  for (const Sending& sending : sendings) CHECK(sending.outcome == Outcome::buffered);
  CHECK(run.daemon.stop() == 0);

  run.daemon.start();
  const Metrics found = run.daemon.metrics();
  CHECK(found.count("rebufd_messages_recovered_total", "weather", {{"from", "log"}}) ==
        static_cast<std::int64_t>(run.measurements.rows().size()));
  CHECK(found.imbalance("weather").empty());
  run.endpoint.open();
  const Metrics end = run.daemon.wait_until_drained("weather");
  CHECK(end.count("rebufd_messages_delivered_total", "weather", {{"path", "replay"}}) ==
        static_cast<std::int64_t>(run.measurements.rows().size()));
  run.judge();
}

TEST_CASE("an orderly stop while the endpoint hangs loses nothing of what is in flight") {
  Run run("ndjson");
  run.endpoint.open();
  run.daemon.start();
  run.wait_for_state("direct");
  run.add_devices(8);
  run.fleet.wait_for_rows(500);
  run.endpoint.be(Manner::hangs);
  run.endpoint.wait_for_request();
  CHECK(run.daemon.stop() == 0);
  run.endpoint.be(Manner::takes);
  run.daemon.start();
  const std::vector<Sending>& sendings = run.fleet.finish();
  run.daemon.wait_until_drained("weather");
  for (const Sending& sending : sendings) CHECK(sending.outcome != Outcome::unknown);
  run.judge();
}

}  // namespace
}  // namespace rebuf::e2e
