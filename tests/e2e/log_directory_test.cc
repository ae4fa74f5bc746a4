// rebufd on log directories that others wrote, and on damaged ones.
#include <doctest/doctest.h>
#include <fcntl.h>

#include <algorithm>
#include <cstdio>
#include <fstream>

#include "check.h"
#include "daemon.h"
#include "device.h"
#include "endpoint.h"
#include "go_log.h"
#include "measurements.h"

namespace rebuf::e2e {
namespace {

constexpr std::size_t rows_count = 2000;
constexpr std::size_t header_bytes = 12;
constexpr std::uint64_t segment_bytes = 16384;

// One route into an endpoint that does not listen yet.
struct Run {
  Run() { rows.resize(rows_count); }

  // The rows lie in the log: rebufd took them and was killed.
  void buffer_rows() {
    daemon.start();
    fleet.add({.port = daemon.port(), .path = "/ingest/weather", .name_in_value = true}, rows);
    fleet.start();
    for (const Sending& sending : fleet.finish()) CHECK(sending.outcome == Outcome::buffered);
    daemon.kill();
  }
  [[nodiscard]] std::filesystem::path log() const { return daemon.data_dir() / "weather" / "log"; }
  // What arrived when the endpoint came and everything was delivered.
  Metrics deliver() {
    daemon.start();
    CHECK(daemon.metrics().imbalance("weather").empty());
    endpoint.open();
    Metrics end = daemon.wait_until_drained("weather");
    CHECK_MESSAGE(end.imbalance("weather").empty(), end.imbalance("weather"));
    return end;
  }
  [[nodiscard]] std::vector<std::string> arrived_values() const {
    std::vector<std::string> values;
    for (const Arrival& arrival : endpoint.arrivals()) values.push_back(arrival.value);
    return values;
  }

  const test::TemporaryDirectory scratch;
  const Measurements measurements{"weather.csv.gz"};
  std::vector<std::string_view> rows = measurements.rows();
  Endpoint endpoint;
  Daemon daemon{scratch.path(),
                "sinks:\n  hook:\n    type: http\n    url: http://127.0.0.1:" +
                    std::to_string(endpoint.port()) +
                    "/in\n    retry: { min: 50ms, max: 200ms }\n"
                    "routes:\n  weather:\n    sink: hook\n    drain: { jitter: 0s }\n"
                    "    buffer: { segment_size: 16KiB, max_bytes: 64MiB }\n"};
  Fleet fleet;
};

const GoEntry& nth_in(const std::vector<GoEntry>& entries, const std::string& file,
                      std::size_t index) {
  const auto first = std::find_if(entries.begin(), entries.end(),
                                  [&](const GoEntry& entry) { return entry.file == file; });
  return *(first + static_cast<std::ptrdiff_t>(index));
}

// One entry's data, another's length field, a whole segment, and the tail of the active one.
// Returns the entries that stay intact.
std::vector<GoEntry> damage(const std::filesystem::path& log) {
  const std::vector<GoEntry> before = go_read(log);
  const GoEntry& bad_data = nth_in(before, "rebuf-1", 5);
  const GoEntry& bad_size = nth_in(before, "rebuf-2", 7);
  flip_bit(log / bad_data.file, bad_data.offset + header_bytes + bad_data.data.size() - 1);
  flip_bit(log / bad_size.file, bad_size.offset + 6);
  std::filesystem::remove(log / "rebuf-4");
  append(log / "rebuf.tmp",
         std::string("\0\0\0\0\0\0\0\x40\1\2\3\4torn", 16) + std::string(4096, '\0'));
  std::ofstream(log / "notes.txt") << "not ours";
  std::vector<GoEntry> intact;
  for (const GoEntry& entry : before)
    // Behind a kill unwritten space looks like empty entries.
    if (!entry.data.empty() && entry.file != "rebuf-4" && &entry != &bad_data &&
        &entry != &bad_size)
      intact.push_back(entry);
  return intact;
}

std::string contents(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

TEST_CASE("a directory that the Go library wrote is delivered whole and in order") {
  Run run;
  go_write(run.log(), run.rows, segment_bytes);
  const Metrics end = run.deliver();
  CHECK(end.count("rebufd_messages_recovered_total", "weather") == rows_count);
  const std::vector<std::string> values = run.arrived_values();
  CHECK(std::equal(values.begin(), values.end(), run.rows.begin(), run.rows.end()));
}

TEST_CASE("a directory that rebufd wrote is read whole and in order by a reader of the Go format") {
  Run run;
  run.buffer_rows();
  // After a kill the active file may end in space that is not written yet.
  run.daemon.start();
  CHECK(run.daemon.stop() == 0);
  CHECK(go_complaints(run.log()).empty());
  const std::vector<GoEntry> entries = go_read(run.log());
  REQUIRE(entries.size() == rows_count);
  for (std::size_t i = 0; i < entries.size(); ++i)
    CHECK(entries[i].data.ends_with(run.fleet.finish()[i].rows.front()));
}

TEST_CASE("of a damaged directory of rebufd's own everything intact arrives, the rest is counted") {
  Run run;
  run.buffer_rows();
  const std::vector<GoEntry> intact = damage(run.log());
  const Metrics end = run.deliver();
  const std::vector<std::string> values = run.arrived_values();
  REQUIRE(values.size() == intact.size());
  for (std::size_t i = 0; i < values.size(); ++i) CHECK(intact[i].data.ends_with(values[i]));
  CHECK(end.count("rebufd_messages_dropped_total", "weather", {{"reason", "damaged"}}) ==
        static_cast<std::int64_t>(rows_count - intact.size()));
  CHECK(end.count("rebufd_log_damaged_bytes_total", "weather") > 0);
  CHECK_FALSE(std::filesystem::is_empty(run.daemon.data_dir() / "weather" / "quarantine"));
  CHECK(contents(run.log() / "notes.txt") == "not ours");
  CHECK(run.daemon.log_end(1U << 20).find("notes.txt") != std::string::npos);
}

TEST_CASE("of a damaged directory of the Go library everything intact arrives in order") {
  Run run;
  go_write(run.log(), run.rows, segment_bytes);
  const std::vector<GoEntry> intact = damage(run.log());
  (void)run.deliver();
  const std::vector<std::string> values = run.arrived_values();
  REQUIRE(values.size() == intact.size());
  for (std::size_t i = 0; i < values.size(); ++i) CHECK(intact[i].data == values[i]);
  CHECK_FALSE(std::filesystem::is_empty(run.daemon.data_dir() / "weather" / "quarantine"));
}

TEST_CASE("files full of garbage in every place stop no start, and new rows are delivered") {
  Run run;
  run.buffer_rows();
  const std::filesystem::path route = run.daemon.data_dir() / "weather";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(route))
    if (entry.is_regular_file()) std::ofstream(entry.path()) << std::string(3000, 'x');
  (void)run.deliver();
  Fleet after;
  after.add({.port = run.daemon.port(), .path = "/ingest/weather", .name_in_value = true},
            run.rows);
  after.start();
  const std::vector<Sending>& sendings = after.finish();
  const Verdict verdict = check(sendings, run.endpoint.arrivals(), {});
  CHECK_MESSAGE(verdict.violations.empty(), verdict.violations, run.daemon.log_end());
}

TEST_CASE("a route whose log cannot be opened at the start comes up by itself, backlog first") {
  Run run;
  run.buffer_rows();
  const std::filesystem::path away = run.log().string() + ".away";
  std::filesystem::rename(run.log(), away);
  std::ofstream(run.log()) << "no directory";
  run.daemon.start();
  CHECK(run.daemon.probe("/readyz") == 503);
  const Metrics failed = run.daemon.metrics();
  CHECK(failed.count("rebufd_route_state", "weather", {{"state", "failed"}}) == 1);
  CHECK(failed.imbalance("weather").empty());
  CHECK(run.daemon.get("/api/v1/status").value_or("").find("is tried again") != std::string::npos);
  Fleet after;
  after.add({.port = run.daemon.port(),
             .path = "/ingest/weather",
             .pause = std::chrono::milliseconds(10),
             .name_in_value = true},
            {run.rows.begin(), run.rows.begin() + 50});
  after.start();
  after.wait_for_refusals(3);

  // In one step: rebufd must not find neither of them, and begin a new log.
  REQUIRE(::renameat2(AT_FDCWD, away.c_str(), AT_FDCWD, run.log().c_str(), RENAME_EXCHANGE) == 0);
  (void)run.daemon.wait_until("the route to be open", [](const Metrics& now) {
    return now.count("rebufd_route_state", "weather", {{"state", "failed"}}) == 0;
  });
  CHECK(run.daemon.probe("/readyz") == 200);
  std::vector<std::string> expected;
  for (Fleet* const fleet : {&run.fleet, &after})
    for (const Sending& sending : fleet->finish())
      if (sending.acknowledged()) expected.emplace_back(sending.rows.front());
  run.endpoint.open();
  const Metrics end = run.daemon.wait_until_drained("weather");
  CHECK_MESSAGE(end.imbalance("weather").empty(), end.imbalance("weather"));
  const std::vector<std::string> values = run.arrived_values();
  REQUIRE(values.size() == expected.size());
  for (std::size_t i = 0; i < values.size(); ++i) CHECK(values[i].ends_with(expected[i]));
  CHECK(run.daemon.stop() == 0);
}

}  // namespace
}  // namespace rebuf::e2e
