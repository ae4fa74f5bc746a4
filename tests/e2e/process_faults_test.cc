// What happens to rebufd's process: its disk fails, its clock jumps, descriptors and memory run
// out.
#include <doctest/doctest.h>
#include <signal.h>

#include <functional>
#include <future>

#include "audit.h"
#include "check.h"
#include "daemon.h"
#include "device.h"
#include "endpoint.h"
#include "measurements.h"
#include "saboteur.h"

namespace rebuf::e2e {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Run {
  explicit Run(const std::string& limits = "64MiB", const std::string& segment = "64KiB")
      : saboteur(scratch.path()),
        daemon(scratch.path(),
               "limits: { memory: " + limits +
                   ", keep_free: 0 }\nsinks:\n  hook:\n    type: http\n    url: http://127.0.0.1:" +
                   std::to_string(endpoint.port()) +
                   "/in\n    timeout: 1s\n    retry: { min: 50ms, max: 200ms }\nroutes:\n"
                   "  weather:\n    sink: hook\n    spill_after: 500ms\n"
                   "    drain: { jitter: 50ms }\n    window: { max_messages: 500, max_bytes: "
                   "512KiB }\n"
                   "    buffer: { segment_size: " +
                   segment + ", max_bytes: 64MiB }\n",
               "  request_timeout: 60s\n  max_body: 512KiB\n") {
    daemon.set_environment(saboteur.environment());
  }
  // With the endpoint away, so that everything goes through the log.
  void start_buffering() {
    daemon.start();
    for (std::size_t device = 0; device < 4; ++device)
      fleet.add({.port = daemon.port(),
                 .path = "/ingest/weather",
                 .rows_per_post = device % 2 == 0 ? 1U : 20U,
                 .pause = milliseconds(device % 2 == 0 ? 1 : 20),
                 .name_in_value = true,
                 .endless = true},
                share(measurements.rows(), device, 4));
    fleet.start();
    fleet.wait_for_rows(500);
  }
  void finish() {
    endpoint.open();
    const std::vector<Sending>& sendings = fleet.finish();
    const Metrics end = daemon.wait_until_drained("weather");
    CHECK_MESSAGE(end.imbalance("weather").empty(), end.imbalance("weather"));
    CHECK(daemon.stop() == 0);
    const Verdict verdict = check(sendings, endpoint.arrivals(),
                                  {.duplicates = endpoint.unanswered(), .sink_repeats = true});
    CHECK_MESSAGE(verdict.violations.empty(), verdict.violations, daemon.log_end());
    for (const Sending& sending : sendings)
      if (sending.status == 503) CHECK(sending.retry_after_s > 0);
  }

  const test::TemporaryDirectory scratch;
  const Measurements measurements{"weather.csv.gz"};
  Endpoint endpoint;
  Saboteur saboteur;
  Daemon daemon;
  Fleet fleet;
};

// Writes or syncs fail for a while, in the outage of the endpoint.
void survive(const std::function<void(Saboteur&)>& harm) {
  Run run;
  run.start_buffering();
  Audit audit(run.daemon, "weather");
  harm(run.saboteur);
  run.fleet.wait_for_refusals(5);
  run.saboteur.heal();
  run.fleet.wait_for_rows(500);
  run.finish();
  CHECK(audit.finish().empty());
}

TEST_CASE("a disk that fails to write: 503 until it works, and what was acknowledged is there") {
  survive([](Saboteur& saboteur) { saboteur.fail_writes(EIO); });
}

TEST_CASE("a disk that fails to sync: 503 until it works, and what was acknowledged is there") {
  survive([](Saboteur& saboteur) { saboteur.fail_syncs(EIO); });
}

TEST_CASE("a disk that fills up while rebufd is killed: it starts, and works when there is room") {
  Run run;
  run.start_buffering();
  run.saboteur.fail_writes(ENOSPC);
  run.fleet.wait_for_refusals(5);
  run.daemon.kill();
  run.daemon.start();
  run.saboteur.heal();
  run.fleet.wait_for_rows(500);
  run.finish();
}

TEST_CASE("the wall clock jumps a day ahead and back, and a SIGHUP comes: nobody notices") {
  Run run;
  run.start_buffering();
  Audit audit(run.daemon, "weather");
  for (const seconds shift : {seconds(86400), seconds(-86400), seconds(0)}) {
    run.saboteur.shift_clock(shift);
    run.daemon.send(SIGHUP);
    run.fleet.wait_for_rows(300);
  }
  run.endpoint.open();
  run.daemon.wait_until("direct",
                        [](const Metrics& now) { return now.state("weather") == "direct"; });
  for (const seconds shift : {seconds(86400), seconds(-86400)}) {
    run.saboteur.shift_clock(shift);
    run.fleet.wait_for_rows(300);
  }
  run.endpoint.close();
  run.finish();
  CHECK(audit.finish().empty());
  for (const Sending& sending : run.fleet.finish()) CHECK(sending.acknowledged());
}

TEST_CASE("no descriptor is left: who is connected is answered, who comes later waits for one") {
  // One segment: whether the next one gets the number that the last one had is chance.
  Run run("64MiB", "16MiB");
  run.start_buffering();
  run.daemon.let_open_files(false);
  std::future<int> late =
      std::async(std::launch::async, [&] { return run.daemon.probe("/healthz"); });
  run.fleet.wait_for_rows(3000);
  CHECK(late.wait_for(seconds(0)) == std::future_status::timeout);
  run.daemon.let_open_files(true);
  CHECK(late.get() == 200);
  run.finish();
  for (const Sending& sending : run.fleet.finish()) CHECK(sending.acknowledged());
}

TEST_CASE("more than limits.memory at once: it waits its turn or gets 429, and memory is bounded") {
  constexpr std::size_t devices = 64;
  Run run("1MiB");
  run.daemon.start();
  const std::size_t before_kib = run.daemon.figures().allocated_kib;
  for (std::size_t device = 0; device < devices; ++device)
    run.fleet.add({.port = run.daemon.port(),
                   .path = "/ingest/weather",
                   .rows_per_post = 40,
                   .name_in_value = true,
                   .odd_every = 1,
                   .odd_text = "," + std::string(8000, '.'),
                   .endless = true},
                  share(run.measurements.rows(), device, devices));
  run.fleet.start();  // twenty times as much as may be in memory
  run.fleet.wait_for_rows(4000);
  CHECK(run.daemon.figures().allocated_kib < before_kib + 32 * 1024);
  run.finish();
  for (const Sending& sending : run.fleet.finish())
    CHECK((sending.acknowledged() || sending.status == 429));
}

}  // namespace
}  // namespace rebuf::e2e
