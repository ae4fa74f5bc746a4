// Reload: what is refused, and what routes that come, go and change are from then on.
#include <doctest/doctest.h>

#include <csignal>
#include <fstream>

#include "harness.h"

namespace rebuf::daemon::rebufd_test {
namespace {

// Sinks `out` and `other` into files of those names.
std::string sinks(const Rebufd& rebufd) {
  const std::string dir = rebufd.directory.path().string();
  return "sinks:\n  out: { type: file, path: " + dir +
         "/out }\n  other: { type: file, path: " + dir + "/other }\n";
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE_FIXTURE(Rebufd,
                  "a bad configuration is refused whole, with its places, and all goes on") {
  configure(sinks(*this) + "routes:\n  r: { sink: out }\n");
  start();
  CHECK(measures("rebufd_config_last_reload_successful 1"));
  configure(sinks(*this) + "routes:\n  r: { sink: out, path: /moved }\n  s: { sink: outt }\n");
  const test::Finished refused = rebufctl({"reload"});
  CHECK(refused.code == 2);
  CHECK_MESSAGE(has(refused.errors, config.string() + ":9:8: "), refused.errors);
  CHECK_MESSAGE(has(refused.errors, "`outt`"), refused.errors);
  program->wait_for_error(config.string() + ":9:8: ");
  CHECK(measures("rebufd_config_last_reload_successful 0"));
  CHECK(post("/ingest/r", "1") < 300);
  CHECK(post("/moved", "2") == 404);
  CHECK(post("/ingest/s", "3") == 404);

  configure(sinks(*this) + "routes:\n  r: { sink: out, path: /moved }\n  s: { sink: other }\n");
  const test::Finished done = rebufctl({"reload"});
  CHECK_MESSAGE(done.code == 0, done.errors);
  CHECK_MESSAGE(has(done.output, "added: s\nchanged: r\n"), done.output);
  CHECK(measures("rebufd_config_last_reload_successful 1"));
  CHECK(post("/moved", "4") < 300);
  CHECK(post("/ingest/s", "5") < 300);
  CHECK(post("/ingest/r", "6") == 404);
  CHECK(stop() == 0);
}

TEST_CASE_FIXTURE(Rebufd,
                  "what only a restart can change is refused by name, and all else with it") {
  configure(sinks(*this) + "routes:\n  r: { sink: out }\n");
  start();
  const std::vector<std::string> fixed{"limits: { memory: 32MiB }", "limits: { keep_free: 1MiB }",
                                       "log: { level: debug }"};
  for (const std::string& line : fixed) {
    configure(line + "\n" + sinks(*this) + "routes:\n  r: { sink: out }\n  s: { sink: out }\n");
    const test::Finished refused = rebufctl({"reload"});
    CHECK(refused.code == 2);
    const std::string key = line.substr(0, line.find(':')) + "." +
                            line.substr(line.find('{') + 2, line.rfind(':') - line.find('{') - 2);
    CHECK_MESSAGE(has(refused.errors, config.string() + ":4:"), refused.errors);
    CHECK_MESSAGE(has(refused.errors, "`" + key + "` cannot change"), refused.errors);
    CHECK_MESSAGE(has(refused.errors, "needs a restart"), refused.errors);
    CHECK(post("/ingest/s", "x") == 404);
  }
  CHECK(post("/ingest/r", "x") < 300);
  // The time to stop can be changed.
  configure("stop_timeout: 3s\n" + sinks(*this) + "routes:\n  r: { sink: out }\n");
  CHECK(rebufctl({"reload"}).output == "reloaded\nno route has changed\n");
  CHECK(stop() == 0);
}

TEST_CASE_FIXTURE(Rebufd, "a file that is gone changes nothing") {
  configure(sinks(*this) + "routes:\n  r: { sink: out }\n");
  start();
  std::filesystem::remove(config);
  const test::Finished gone = rebufctl({"reload"});
  CHECK(gone.code == 2);
  CHECK_MESSAGE(has(gone.errors, config.string() + ": cannot be read"), gone.errors);
  CHECK(post("/ingest/r", "x") < 300);
  CHECK(stop() == 0);
}

TEST_CASE_FIXTURE(Rebufd, "SIGHUP reloads, and the log says what has changed") {
  configure(sinks(*this) + "routes:\n  r: { sink: out }\n");
  start();
  configure(sinks(*this) + "routes:\n  r: { sink: out }\n  s: { sink: out }\n");
  program->send(SIGHUP);
  program->wait_for_error("the configuration was reloaded; routes: added s");
  CHECK(post("/ingest/s", "x") < 300);
  configure(sinks(*this) + "routes:\n  s: { sink: out }\n");
  program->send(SIGHUP);
  program->wait_for_error("the configuration was reloaded; routes: removed r");
  CHECK(post("/ingest/r", "x") == 404);
  CHECK(post("/ingest/s", "x") < 300);
  CHECK(stop() == 0);
}

TEST_CASE_FIXTURE(Rebufd, "a route that has changed has its new limits, its pause and its counts") {
  // A busy machine is no outage.
  const std::string start_of_all =
      sinks(*this) + "route_defaults: { spill_after: 29s, drain: { jitter: 0s } }\n";
  configure(start_of_all + "routes:\n  r: { sink: out }\n");
  start();
  REQUIRE(eventually([&] { return status()["routes"][0]["state"] == "direct"; }));
  CHECK(post("/ingest/r", "1") == 200);
  CHECK(rebufctl({"route", "pause", "r"}).code == 0);
  CHECK(post("/ingest/r", "2") == 202);
  configure(start_of_all +
            "routes:\n  r: { sink: out, buffer: { max_bytes: 100MiB, on_full: drop_oldest } }\n");
  CHECK(rebufctl({"reload"}).output == "reloaded\nchanged: r\n");
  CHECK(post("/ingest/r", "3") == 202);
  const nlohmann::json route = status()["routes"][0];
  CHECK(route["state"] == "paused");
  CHECK(route["capacity_bytes"] == 100 << 20);
  CHECK(route["backlog_messages"] == 2);
  CHECK(route["totals"]["accepted"] == 3);
  CHECK(route["totals"]["delivered"] == 1);
  CHECK(route["totals"]["exact"] == true);
  CHECK(measures("rebufd_http_requests_total{route=\"r\",code=\"202\"} 2"));
  // As after a restart.
  CHECK(measures("rebufd_messages_accepted_total{route=\"r\"} 1"));
  CHECK(measures("rebufd_messages_recovered_total{route=\"r\",from=\"log\"} 1"));
  CHECK(rebufctl({"route", "resume", "r"}).code == 0);
  CHECK(eventually([&] { return lines_of(directory.path() / "out").size() == 3; }));
  CHECK(lines_of(directory.path() / "out") == std::vector<std::string>{"1", "2", "3"});
  CHECK(stop() == 0);
}

TEST_CASE_FIXTURE(Rebufd, "a route that cannot be opened changes, goes and comes as any other") {
  std::filesystem::create_directory(data);
  std::ofstream(data / "r") << "no directory";
  configure(sinks(*this) + "routes:\n  r: { sink: out }\n  s: { sink: out }\n");
  start();
  CHECK(post("/ingest/r", "1") == 503);
  configure(sinks(*this) + "routes:\n  r: { sink: out, path: /moved }\n  s: { sink: out }\n");
  CHECK(rebufctl({"reload"}).code == 0);
  CHECK(post("/moved", "2") == 503);
  configure(sinks(*this) + "routes:\n  s: { sink: out }\n");
  CHECK(rebufctl({"reload"}).code == 0);
  CHECK(post("/moved", "3") == 404);
  std::filesystem::remove(data / "r");
  configure(sinks(*this) + "routes:\n  r: { sink: out, path: /moved }\n  s: { sink: out }\n");
  CHECK(rebufctl({"reload"}).code == 0);
  CHECK(post("/moved", "4") < 300);
  CHECK(post("/ingest/s", "5") < 300);
  CHECK(stop() == 0);
}

}  // namespace rebuf::daemon::rebufd_test
