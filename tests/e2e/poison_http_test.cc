// A row that an endpoint refuses with 400, 413 or 422, in an ndjson batch with others: the batch is
// halved until only the offender is left.
#include <doctest/doctest.h>

#include <algorithm>

#include "client.h"
#include "daemon.h"
#include "dead_letters.h"
#include "endpoint.h"

namespace rebuf::e2e {
namespace {

constexpr std::size_t rows_posted = 60;
constexpr std::size_t offender = 23;

struct Hook {
  explicit Hook(const std::string& route_lines = {})
      : daemon(scratch.path(), "sinks:\n  hook:\n    type: http\n    url: http://127.0.0.1:" +
                                   std::to_string(endpoint.port()) +
                                   "/in\n    batch: { format: ndjson }\n    timeout: 20s\n"
                                   "    retry: { min: 50ms, max: 200ms }\n"
                                   "routes:\n  rows:\n    sink: hook\n    spill_after: 20s\n"
                                   "    drain: { jitter: 0s }\n" +
                                   route_lines),
        client(daemon.port(), "/ingest/rows") {
    endpoint.open();
    daemon.start();
    wait_for_state("direct");
  }
  void wait_for_state(const std::string& state) const {
    daemon.wait_until(state, [&](const Metrics& now) { return now.state("rows") == state; });
  }
  // Posts them while the endpoint is away, which then comes back.
  void post_in_outage(const std::vector<std::string>& rows) {
    endpoint.close();
    CHECK(client.post_lines(rows).state == "buffered");
    endpoint.open();
  }
  Metrics wait_until_done() const {
    daemon.wait_until_drained("rows");
    Metrics end = daemon.metrics();
    CHECK_MESSAGE(end.imbalance("rows").empty(), end.imbalance("rows"));
    return end;
  }
  [[nodiscard]] std::vector<std::string> arrived() const {
    std::vector<std::string> values;
    for (const Arrival& arrival : endpoint.arrivals()) values.push_back(arrival.value);
    return values;
  }

  const test::TemporaryDirectory scratch;
  Endpoint endpoint;
  Daemon daemon;
  Client client;
};

std::vector<std::string> rows_with_poison() {
  std::vector<std::string> rows;
  for (std::size_t i = 0; i < rows_posted; ++i)
    rows.push_back("{\"row\":" + std::to_string(i) +
                   (i == offender ? "," + std::string(poison) + ":1}" : "}"));
  return rows;
}

std::vector<std::string> without_poison(std::vector<std::string> rows) {
  std::erase_if(rows, [](const std::string& row) { return row.find(poison) != std::string::npos; });
  return rows;
}

// Straight and alone, straight among others, out of the log among others.
void refuse_with(int status, const std::string& reason) {
  Hook run;
  run.endpoint.answer_poison(status);
  const std::vector<std::string> rows = rows_with_poison();
  const Reply alone = run.client.post(rows[offender]);
  CHECK(alone.status == 422);
  CHECK(alone.state == reason);
  CHECK(run.arrived().empty());

  const Reply among = run.client.post_lines(rows);
  CHECK(among.status == 200);
  CHECK(among.state == "partial");
  CHECK(among.delivered == rows_posted - 1);
  CHECK(among.refused == std::map<std::size_t, std::string>{{offender, reason}});
  CHECK(run.arrived() == without_poison(rows));

  run.endpoint.forget();
  run.post_in_outage(rows);
  const Metrics end = run.wait_until_done();
  CHECK(run.arrived() == without_poison(rows));
  const std::vector<DeadLetter> letters = dead_letters(run.daemon, "rows");
  REQUIRE(letters.size() == 2);
  for (const DeadLetter& letter : letters) {
    CHECK(letter.reason == reason);
    CHECK(letter.value == rows[offender]);
  }
  CHECK(end.count("rebufd_messages_dead_lettered_total", "rows", {{"reason", reason}}) == 2);
  CHECK(end.count("rebufd_messages_rejected_total", "rows", {{"reason", reason}}) == 1);
  CHECK(end.count("rebufd_messages_dropped_total", "rows") == 0);
}

TEST_CASE("a row that the endpoint refuses with 400: 422 or a dead letter, the others arrive") {
  refuse_with(400, "invalid");
}

TEST_CASE("a row that the endpoint refuses with 413: 422 or a dead letter, the others arrive") {
  refuse_with(413, "too_large");
}

TEST_CASE("a row that the endpoint refuses with 422: 422 or a dead letter, the others arrive") {
  refuse_with(422, "invalid");
}

TEST_CASE("invalid: drop: a row that the endpoint refuses is dropped and counted") {
  Hook run("    on_error: { invalid: drop }\n");
  const std::vector<std::string> rows = rows_with_poison();
  run.post_in_outage(rows);
  const Metrics end = run.wait_until_done();
  CHECK(end.count("rebufd_messages_dropped_total", "rows", {{"reason", "policy"}}) == 1);
  CHECK(run.arrived() == without_poison(rows));
  CHECK(dead_letters(run.daemon, "rows").empty());
}

TEST_CASE("invalid: retry: a row that the endpoint refuses waits until it is taken") {
  Hook run("    on_error: { invalid: retry }\n");
  std::vector<std::string> rows = rows_with_poison();
  run.post_in_outage(rows);
  const auto refused_once = [&](const Metrics& now) {
    return now.state("rows") == "buffering" && run.arrived().size() >= offender;
  };
  run.daemon.wait_until("the row is refused", refused_once);
  run.endpoint.answer_poison(200);
  const Metrics end = run.wait_until_done();
  std::vector<std::string> arrived = run.arrived();
  std::ranges::sort(arrived);
  std::ranges::sort(rows);
  CHECK(arrived == rows);
  CHECK(end.count("rebufd_messages_dropped_total", "rows") == 0);
  CHECK(dead_letters(run.daemon, "rows").empty());
}

TEST_CASE("dlq replay puts back what the endpoint refused, once it takes it") {
  Hook run;
  const std::vector<std::string> rows = rows_with_poison();
  run.post_in_outage(rows);
  run.wait_until_done();
  run.endpoint.forget();
  run.endpoint.answer_poison(200);
  run.daemon.wait_until("direct", [](const Metrics& now) { return now.state("rows") == "direct"; });
  const test::Finished replayed = run.daemon.ctl({"dlq", "replay", "rows"});
  CHECK_MESSAGE(replayed.code == 0, replayed.errors);
  CHECK(replayed.output == "rows: 1 dead letters put back\n");
  run.wait_until_done();
  CHECK(run.arrived() == std::vector<std::string>{rows[offender]});
  CHECK(dead_letters(run.daemon, "rows").empty());
}

}  // namespace
}  // namespace rebuf::e2e
