#include <doctest/doctest.h>

#include <map>
#include <sstream>

#include "daemon/admin/metrics.h"
#include "harness.h"

namespace rebuf::daemon::admin_test {
namespace {

// Series ("name{labels}") and their values, in the Prometheus text format.
std::map<std::string, double> series(const std::string& text) {
  std::map<std::string, double> found;
  std::istringstream lines(text);
  std::string line;
  while (std::getline(lines, line)) {
    if (line.empty() || line[0] == '#') continue;
    const std::size_t space = line.rfind(' ');
    REQUIRE(space != std::string::npos);
    const bool first = found.emplace(line.substr(0, space), std::stod(line.substr(space))).second;
    CHECK_MESSAGE(first, "twice: " << line);
  }
  return found;
}

double sum_of(const std::map<std::string, double>& all, const std::string& name) {
  double sum = 0;
  for (auto it = all.lower_bound(name + "{"); it != all.end() && it->first.starts_with(name + "{");
       ++it)
    sum += it->second;
  return sum;
}

void check_books_balance(const std::map<std::string, double>& all) {
  const double in = sum_of(all, "rebufd_messages_accepted_total") +
                    sum_of(all, "rebufd_messages_recovered_total");
  const double out =
      sum_of(all, "rebufd_messages_delivered_total") +
      sum_of(all, "rebufd_messages_rejected_total") + sum_of(all, "rebufd_messages_dropped_total") +
      sum_of(all, "rebufd_messages_dead_lettered_total") + sum_of(all, "rebufd_backlog_messages") +
      sum_of(all, "rebufd_in_flight_messages");
  CHECK(in == out);
}

// Every count another one, so that a mixed-up series shows.
void fill(RouteSnapshot& now) {
  now.totals.accepted = 1000;
  now.totals.recovered = 200;
  now.totals.delivered_direct = 300;
  now.totals.delivered_replay = 100;
  now.totals.rejected = {0, 11, 12, 13, 14};
  now.totals.dropped = {21, 22, 23, 24, 25, 26};
  now.totals.dead_lettered = {0, 31, 32, 33, 34};
  now.totals.accepted_bytes = 123456;
  now.totals.answered = {41, 42, 43, 44};
  now.in_flight = 7;
  now.backlog_messages = 1200 - 400 - 50 - 141 - 130 - 7;
  now.backlog_bytes = 999;
  now.backlog_segments = 2;
  now.oldest_age_seconds = 12.5;
  now.eta_seconds = 60;
  now.dead_letter_messages = 130;
  now.log_damaged_bytes = 17;
  now.state = RouteState::draining;
}

}  // namespace

TEST_CASE_FIXTURE(Harness, "every metric of a route is served, under its name and labels") {
  route.set(fill);
  http.add(200);
  http.add(200);
  http.add(503);
  unrouted.add(404);
  route.measured.ack_buffered.observe(0.003, 4);
  route.measured.wal_commit_entries.observe(20);
  sink_metrics.delivery.observe(0.002, 10);
  sinks::Health down;
  down.error_class = "connect";
  sink_metrics.on_health(down);
  const auto all = series(render_metrics(sources));
  const std::map<std::string, double> expected{
      {R"(rebufd_messages_accepted_total{route="telemetry"})", 1000},
      {R"(rebufd_messages_recovered_total{route="telemetry",from="log"})", 200},
      {R"(rebufd_messages_delivered_total{route="telemetry",path="direct"})", 300},
      {R"(rebufd_messages_delivered_total{route="telemetry",path="replay"})", 100},
      {R"(rebufd_messages_rejected_total{route="telemetry",reason="too_large"})", 11},
      {R"(rebufd_messages_rejected_total{route="telemetry",reason="auth"})", 14},
      {R"(rebufd_messages_dropped_total{route="telemetry",reason="full"})", 21},
      {R"(rebufd_messages_dropped_total{route="telemetry",reason="operator"})", 24},
      {R"(rebufd_messages_dropped_total{route="telemetry",reason="unanswered"})", 26},
      {R"(rebufd_messages_dead_lettered_total{route="telemetry",reason="unknown_topic"})", 32},
      {R"(rebufd_messages_answered_total{route="telemetry",ack="delivered"})", 41},
      {R"(rebufd_messages_answered_total{route="telemetry",ack="buffered"})", 42},
      {R"(rebufd_messages_answered_total{route="telemetry",ack="refused"})", 43},
      {R"(rebufd_messages_answered_total{route="telemetry",ack="unknown"})", 44},
      {R"(rebufd_accepted_bytes_total{route="telemetry"})", 123456},
      {R"(rebufd_duplicates_suppressed_total{route="telemetry"})", 0},
      {R"(rebufd_http_requests_total{route="telemetry",code="200"})", 2},
      {R"(rebufd_http_requests_total{route="telemetry",code="503"})", 1},
      {R"(rebufd_http_requests_total{route="",code="404"})", 1},
      {R"(rebufd_backlog_messages{route="telemetry"})", 472},
      {R"(rebufd_backlog_bytes{route="telemetry"})", 999},
      {R"(rebufd_backlog_segments{route="telemetry"})", 2},
      {R"(rebufd_backlog_oldest_age_seconds{route="telemetry"})", 12.5},
      {R"(rebufd_buffer_capacity_bytes{route="telemetry"})", 1U << 30},
      {R"(rebufd_in_flight_messages{route="telemetry"})", 7},
      {R"(rebufd_dead_letter_messages{route="telemetry"})", 130},
      {R"(rebufd_log_damaged_bytes_total{route="telemetry"})", 17},
      {R"(rebufd_drain_eta_seconds{route="telemetry"})", 60},
      {R"(rebufd_route_state{route="telemetry",state="draining"})", 1},
      {R"(rebufd_route_state{route="telemetry",state="direct"})", 0},
      {R"(rebufd_sink_up{sink="main"})", 1},
      {R"(rebufd_sink_errors_total{sink="main",reason="connect"})", 1},
      {R"(rebufd_ack_seconds_count{route="telemetry",ack="buffered"})", 4},
      {R"(rebufd_ack_seconds_bucket{route="telemetry",ack="buffered",le="0.0025"})", 0},
      {R"(rebufd_ack_seconds_bucket{route="telemetry",ack="buffered",le="0.005"})", 4},
      {R"(rebufd_ack_seconds_bucket{route="telemetry",ack="buffered",le="+Inf"})", 4},
      {R"(rebufd_ack_seconds_count{route="telemetry",ack="delivered"})", 0},
      {R"(rebufd_wal_commit_entries_bucket{route="telemetry",le="64"})", 1},
      {R"(rebufd_wal_sync_seconds_count{route="telemetry"})", 0},
      {R"(rebufd_sink_delivery_seconds_count{sink="main"})", 10},
      {R"(rebufd_build_info{version="1.2.3"})", 1},
  };
  for (const auto& [name, value] : expected) {
    CAPTURE(name);
    const auto found = all.find(name);
    REQUIRE(found != all.end());
    CHECK(found->second == value);
  }
  for (const char* name : {"rebufd_data_dir_free_bytes", "process_resident_memory_bytes",
                           "process_open_fds", "process_start_time_seconds"})
    CHECK_MESSAGE(all.at(name) > 0, name);
  check_books_balance(all);
}

TEST_CASE_FIXTURE(Harness, "an unknown time is absent, not zero") {
  const auto all = series(render_metrics(sources));
  CHECK_FALSE(all.contains(R"(rebufd_drain_eta_seconds{route="telemetry"})"));
  CHECK_FALSE(all.contains(R"(rebufd_last_delivery_timestamp_seconds{route="telemetry"})"));
}

TEST_CASE_FIXTURE(Harness, "in every scrape the books balance, however fast messages move") {
  route.set([](RouteSnapshot& now) { now.totals.accepted = now.in_flight = 1000; });
  // The next look would see another message delivered.
  route.set_after_snapshot([](RouteSnapshot& now) {
    --now.in_flight;
    ++now.totals.delivered_direct;
  });
  for (int scrape = 0; scrape < 10; ++scrape) check_books_balance(series(render_metrics(sources)));
}

TEST_CASE_FIXTURE(Harness, "the metrics are of the text format's content type") {
  start();
  CHECK(tcp().Get("/metrics")->get_header_value("Content-Type") ==
        "text/plain; version=0.0.4; charset=utf-8");
}

}  // namespace rebuf::daemon::admin_test
