// Asking for a reload, and what the server shows after one.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "harness.h"

namespace rebuf::daemon::admin_test {

using Json = nlohmann::json;

TEST_CASE_FIXTURE(Harness, "a reload is asked for over the socket, and its end is the answer") {
  FakeReload reload;
  reload.outcome = ReloadOutcome{true, {}, {"a", "b"}, {}, {"c"}};
  sources.reload = &reload;
  start();
  const auto done = unix_socket().Post("/api/v1/reload");
  CHECK(done->status == 200);
  CHECK(Json::parse(done->body) ==
        Json{{"added", {"a", "b"}}, {"removed", Json::array()}, {"changed", {"c"}}});
  CHECK(reload.asked == 1);
  CHECK(tcp().Post("/api/v1/reload")->status == 403);
  const auto get = unix_socket().Get("/api/v1/reload");
  CHECK(get->status == 405);
  CHECK(get->get_header_value("Allow") == "POST");
  CHECK(reload.asked == 1);
}

TEST_CASE_FIXTURE(Harness, "a reload that is refused is 422 with all mistakes, and the metric 0") {
  FakeReload reload;
  sources.reload = &reload;
  start();
  const std::string metric = "\nrebufd_config_last_reload_successful ";
  CHECK(tcp().Get("/metrics")->body.find(metric + "1\n") != std::string::npos);
  reload.outcome = ReloadOutcome{false, {"f:1:2: one; right", "f:3:4: two"}, {}, {}, {}};
  const auto refused = unix_socket().Post("/api/v1/reload");
  CHECK(refused->status == 422);
  CHECK(Json::parse(refused->body).at("code") == "bad_configuration");
  CHECK(Json::parse(refused->body).at("detail") == "f:1:2: one; right\nf:3:4: two");
  CHECK(tcp().Get("/metrics")->body.find(metric + "0\n") != std::string::npos);
}

TEST_CASE_FIXTURE(Harness,
                  "a reload that does not end in time, or that nobody does, is no success") {
  FakeReload reload;
  reload.outcome.reset();
  sources.reload = &reload;
  start();
  CHECK(unix_socket().Post("/api/v1/reload")->status == 503);
  sources.reload = nullptr;
  server->show(sources);
  CHECK(unix_socket().Post("/api/v1/reload")->status == 404);
}

TEST_CASE_FIXTURE(Harness, "what is shown anew is what the next request sees, orphans too") {
  start();
  CHECK(Json::parse(tcp().Get("/api/v1/status")->body).at("orphans").empty());
  FakeRoute other("other");
  sources.routes = {{&other, &http, &keys, &control}};
  sources.orphans = {{"telemetry", "/data/telemetry", 12, 3456, 7, {}},
                     {"worn", "/data/worn", 0, 0, 0, "read: Input/output error"}};
  server->show(sources);
  const Json status = Json::parse(tcp().Get("/api/v1/status")->body);
  REQUIRE(status.at("routes").size() == 1);
  CHECK(status.at("routes")[0].at("name") == "other");
  REQUIRE(status.at("orphans").size() == 2);
  CHECK(status.at("orphans")[0] == Json{{"name", "telemetry"},
                                        {"directory", "/data/telemetry"},
                                        {"backlog_messages", 12},
                                        {"backlog_bytes", 3456},
                                        {"dead_letter_messages", 7},
                                        {"problem", nullptr}});
  CHECK(status.at("orphans")[1].at("problem") == "read: Input/output error");
  CHECK(tcp().Get("/readyz/telemetry")->status == 404);
}

}  // namespace rebuf::daemon::admin_test
