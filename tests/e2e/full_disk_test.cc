// The data directory on a small file system that fills up.
#include <doctest/doctest.h>
#include <sys/statvfs.h>

#include <fstream>

#include "audit.h"
#include "check.h"
#include "daemon.h"
#include "device.h"
#include "endpoint.h"
#include "measurements.h"
#include "small_disk.h"

namespace rebuf::e2e {
namespace {

constexpr std::size_t disk_mebibytes = 16;

std::string configuration(const Endpoint& endpoint, const std::string& keep_free,
                          const std::string& max_bytes) {
  return "limits: { keep_free: " + keep_free +
         " }\nsinks:\n  hook:\n    type: http\n    url: http://127.0.0.1:" +
         std::to_string(endpoint.port()) +
         "/in\n    retry: { min: 50ms, max: 200ms }\n"
         "routes:\n  flights:\n    sink: hook\n    drain: { jitter: 0s }\n"
         "    window: { max_messages: 1000, max_bytes: 256KiB }\n"
         "    buffer: { segment_size: 256KiB, max_bytes: " +
         max_bytes + " }\n";
}

struct Run {
  Run(const std::string& keep_free, const std::string& max_bytes)
      : disk(scratch.path(), disk_mebibytes),
        daemon(scratch.path(), configuration(endpoint, keep_free, max_bytes), {},
               disk.path() / "data") {}

  [[nodiscard]] bool can_run() const {
    if (!disk.mounted()) MESSAGE("SKIPPED: no file system can be mounted here");
    return disk.mounted();
  }
  // Fills the log until the route refuses.
  void fill() {
    daemon.start();
    for (std::size_t device = 0; device < 4; ++device)
      fleet.add({.port = daemon.port(),
                 .path = "/ingest/flights",
                 .rows_per_post = 100,
                 .name_in_value = true},
                share(measurements.rows(), device, 4));
    fleet.start();
    daemon.wait_until("full", [](const Metrics& now) { return now.state("flights") == "full"; });
  }
  // The endpoint comes; every row gets through in the end.
  void recover() {
    endpoint.open();
    const std::vector<Sending>& sendings = fleet.finish();
    daemon.wait_until_drained("flights");
    CHECK(daemon.stop() == 0);
    const Verdict verdict = check(sendings, endpoint.arrivals(), {});
    CHECK_MESSAGE(verdict.violations.empty(), verdict.violations, daemon.log_end());
    std::size_t refused = 0;
    for (const Sending& sending : sendings) {
      if (sending.status != 503) continue;
      ++refused;
      CHECK_MESSAGE(sending.code == "buffer_full", sending.code);
      CHECK(sending.retry_after_s > 0);
    }
    CHECK(refused > 0);
  }

  const test::TemporaryDirectory scratch;
  const Measurements measurements{"flights.ndjson.gz"};
  Endpoint endpoint;
  SmallDisk disk;
  Daemon daemon;
  Fleet fleet;
};

std::uint64_t free_bytes(const std::filesystem::path& path) {
  struct statvfs now {};
  REQUIRE(::statvfs(path.c_str(), &now) == 0);
  return now.f_bavail * now.f_frsize;
}

TEST_CASE("a log at max_bytes refuses with Retry-After, loses nothing and works again by itself") {
  Run run("1MiB", "4MiB");
  if (!run.can_run()) return;
  run.fill();
  Audit audit(run.daemon, "flights");
  run.recover();
  CHECK(audit.finish().empty());
}

TEST_CASE("a disk at keep_free refuses with Retry-After, loses nothing and works again by itself") {
  Run run("6MiB", "1GiB");
  if (!run.can_run()) return;
  run.fill();
  CHECK(free_bytes(run.disk.path()) >= (3U << 20U));
  run.recover();
}

TEST_CASE("a disk without a byte left refuses, survives a SIGKILL, and works again by itself") {
  Run run("0", "1GiB");
  if (!run.can_run()) return;
  run.fill();
  {
    std::ofstream ballast(run.disk.path() / "ballast");
    while (ballast << std::string(4096, 'x') << std::flush) {
    }
  }
  run.daemon.kill();
  run.daemon.start();
  run.recover();
}

}  // namespace
}  // namespace rebuf::e2e
