#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "daemon/admin/status_json.h"
#include "harness.h"

namespace rebuf::daemon::admin_test {

using Json = nlohmann::json;

TEST_CASE_FIXTURE(Harness, "the status has every promised field of a route") {
  route.set([](RouteSnapshot& now) {
    now.state = RouteState::draining;
    now.since = std::chrono::system_clock::time_point(std::chrono::milliseconds(1700000000123));
    now.state_reason = "the sink answers again";
    now.backlog_messages = 5;
    now.backlog_bytes = 500;
    now.oldest_age_seconds = 1.23456;
    now.in_flight = 3;
    now.accept_rate = 10;
    now.deliver_rate = 20;
    now.eta_seconds = 0.5;
    now.last_error = "broken pipe";
    now.totals.accepted = 1;  // since the process began: not what the status shows
    now.lifetime.accepted = 100;
    now.lifetime.delivered_direct = 60;
    now.lifetime.delivered_replay = 20;
    now.lifetime.dropped = {1, 2, 0, 0, 0, 0};
    now.lifetime.rejected = {0, 4, 0, 0, 0};
    now.lifetime.dead_lettered = {0, 0, 5, 0, 0};
    now.lifetime_exact = false;
  });
  const Json status = Json::parse(render_status(sources));
  CHECK(status.at("version") == "1.2.3");
  CHECK(status.at("uptime_seconds").is_number());
  CHECK(status.at("data_dir") == directory.path().string());
  const Json& shown = status.at("routes").at(0);
  CHECK(shown.at("name") == "telemetry");
  CHECK(shown.at("state") == "draining");
  CHECK(shown.at("since") == "2023-11-14T22:13:20.123Z");
  CHECK(shown.at("reason") == "the sink answers again");
  CHECK(shown.at("backlog_messages") == 5);
  CHECK(shown.at("backlog_bytes") == 500);
  CHECK(shown.at("capacity_bytes") == 1U << 30);
  CHECK(shown.at("oldest_age_seconds") == 1.235);
  CHECK(shown.at("in_flight") == 3);
  CHECK(shown.at("accept_rate") == 10);
  CHECK(shown.at("deliver_rate") == 20);
  CHECK(shown.at("eta_seconds") == 0.5);
  CHECK(shown.at("sink") == "main");
  CHECK(shown.at("last_error") == "broken pipe");
  const Json& totals = shown.at("totals");
  CHECK(totals.at("accepted") == 100);
  CHECK(totals.at("delivered") == 80);
  CHECK(totals.at("dropped") == 3);
  CHECK(totals.at("rejected") == 4);
  CHECK(totals.at("dead_lettered") == 5);
  CHECK(totals.at("exact") == false);
}

TEST_CASE_FIXTURE(Harness, "what is not known is null") {
  const Json status = Json::parse(render_status(sources));
  const Json& shown = status.at("routes").at(0);
  for (const char* field :
       {"eta_seconds", "oldest_age_seconds", "last_error", "reason", "last_delivery"})
    CHECK_MESSAGE(shown.at(field).is_null(), field);
}

TEST_CASE_FIXTURE(Harness, "a sink shows its state, and an embedded one where it can be read") {
  kafka.set_embedded_up(false);
  const Json status = Json::parse(render_status(sources));
  const Json& sink = status.at("sinks").at(0);
  CHECK(sink.at("name") == "main");
  CHECK(sink.at("type") == "embedded_kafka");
  CHECK(sink.at("up") == false);
  CHECK(sink.at("bootstrap") == "127.0.0.1:40001");
}

TEST_CASE_FIXTURE(Harness, "an error that is not UTF-8 does not break the JSON") {
  route.set([](RouteSnapshot& now) { now.last_error = "bad \xff byte"; });
  const Json status = Json::parse(render_status(sources));
  CHECK(status.at("routes").at(0).at("last_error") == "bad \xef\xbf\xbd byte");
}

}  // namespace rebuf::daemon::admin_test
