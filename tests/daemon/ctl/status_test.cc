#include <doctest/doctest.h>
#include <poll.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "harness.h"
#include "log_maker.h"

namespace rebuf::ctl_test {
namespace {

using daemon::admin_test::Harness;

struct Fixture : Harness {
  Fixture() { start(); }
  [[nodiscard]] std::string socket() const { return "unix:" + admin.socket; }
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE_FIXTURE(Fixture, "status shows each route's state, backlog, rates, sink and error") {
  route.set(daemon::admin_test::fill_with_outage);
  for (const std::string& place : {socket(), url("")}) {
    const test::Finished status = rebufctl({"--admin", place, "status"});
    CHECK(status.code == 0);
    for (const char* part :
         {"telemetry", "buffering", "12345", "512 MiB of 1.0 GiB", "1 h 1 min", "1500/s",
          "main down", "all brokers are down", "connection refused", "kcat -b 127.0.0.1:40001"})
      CHECK_MESSAGE(has(status.output, part), part << " in " << status.output);
  }
}

TEST_CASE_FIXTURE(Fixture, "status says what is orphaned, and how it comes back") {
  sources.orphans = {{"old", "/data/old", 12, 4096, 7, {}},
                     {"worn", "/data/worn", 0, 0, 0, "read: Input/output error"}};
  server->show(sources);
  const std::string shown = rebufctl({"--admin", socket(), "status"}).output;
  CHECK_MESSAGE(has(shown,
                    "orphaned old: 12 messages (4.0 KiB) and 7 dead letters wait in /data/old; a "
                    "route of that name takes them up again\n"),
                shown);
  CHECK_MESSAGE(has(shown, "orphaned worn: /data/worn cannot be read: read: Input/output error\n"),
                shown);
}

TEST_CASE_FIXTURE(Fixture, "reload says what has changed, ends with 2 when it is refused, else 1") {
  daemon::admin_test::FakeReload reload;
  sources.reload = &reload;
  server->show(sources);
  reload.outcome = {true, {}, {"a"}, {"b", "c"}, {}};
  const test::Finished done = rebufctl({"--admin", socket(), "reload"});
  CHECK(done.code == 0);
  CHECK(done.output == "reloaded\nadded: a\nremoved: b, c\n");
  reload.outcome = {false, {"f:1:2: one; right", "f:3:4: two"}, {}, {}, {}};
  const test::Finished refused = rebufctl({"--admin", socket(), "reload"});
  CHECK(refused.code == 2);
  CHECK(refused.errors == "rebufctl: f:1:2: one; right\nf:3:4: two\n");
  CHECK(rebufctl({"--admin", url(""), "reload"}).code == 1);
  reload.outcome.reset();
  CHECK(rebufctl({"--admin", socket(), "reload"}).code == 1);
  server.reset();
  CHECK(rebufctl({"--admin", socket(), "reload"}).code == 7);
}

TEST_CASE_FIXTURE(Fixture, "status --json is what the server says") {
  const test::Finished status = rebufctl({"--admin", socket(), "status", "--json"});
  CHECK(status.code == 0);
  CHECK(nlohmann::json::parse(status.output).at("routes").at(0).at("name") == "telemetry");
}

TEST_CASE_FIXTURE(Fixture,
                  "status --watch --json goes on, one object a line, until rebufd is gone") {
  test::Program watch({REBUF_REBUFCTL, "--admin", socket(), "status", "--watch", "--json"});
  const auto lines = [&] {
    const std::string output = watch.output();
    return std::count(output.begin(), output.end(), '\n');
  };
  const auto deadline = std::chrono::steady_clock::now() + test::program_patience;
  while (lines() < 2 && std::chrono::steady_clock::now() < deadline) ::poll(nullptr, 0, 10);
  server.reset();
  CHECK(watch.wait() == 7);
  std::istringstream output(watch.output());
  int count = 0;
  for (std::string line; std::getline(output, line); ++count)
    CHECK(nlohmann::json::parse(line).contains("routes"));
  CHECK(count >= 2);
}

TEST_CASE_FIXTURE(Fixture, "embedded down and up switch the only embedded sink, or the named one") {
  const test::Finished down = rebufctl({"--admin", socket(), "embedded", "down"});
  CHECK_MESSAGE(down.code == 0, down.errors);
  CHECK_FALSE(kafka.stats().up);
  CHECK(rebufctl({"--admin", socket(), "embedded", "up", "main"}).code == 0);
  CHECK(kafka.stats().up);
  const test::Finished unknown = rebufctl({"--admin", socket(), "embedded", "down", "other"});
  CHECK(unknown.code == 1);
  CHECK(has(unknown.errors, "sink other"));
  const test::Finished over_tcp = rebufctl({"--admin", url(""), "embedded", "down"});
  CHECK(over_tcp.code == 1);
  CHECK(has(over_tcp.errors, "socket"));
  CHECK(kafka.stats().up);
}

TEST_CASE_FIXTURE(Fixture, "route pause, resume and catch-up reach the route and say its state") {
  for (const std::string verb : {"pause", "resume", "catch-up"}) {
    const test::Finished done = rebufctl({"--admin", socket(), "route", verb, "telemetry"});
    CHECK_MESSAGE(done.code == 0, done.errors);
    CHECK(done.output == "telemetry: direct, 0 messages wait\n");
  }
  CHECK(control.asked == std::vector<std::string>{"pause", "resume", "catch-up"});
  const test::Finished unknown = rebufctl({"--admin", socket(), "route", "pause", "other"});
  CHECK(unknown.code == 1);
  CHECK(has(unknown.errors, "route other"));
}

TEST_CASE_FIXTURE(Fixture, "route purge wants --yes where nobody can be asked") {
  const test::Finished unasked = rebufctl({"--admin", socket(), "route", "purge", "telemetry"});
  CHECK(unasked.code == 2);
  CHECK(has(unasked.errors, "--yes"));
  CHECK(control.asked.empty());
  const test::Finished all =
      rebufctl({"--admin", socket(), "route", "purge", "telemetry", "--yes"});
  CHECK_MESSAGE(all.code == 0, all.errors);
  CHECK(all.output == "telemetry: 7 messages dropped\n");
  CHECK(rebufctl({"--admin", socket(), "route", "purge", "telemetry", "--through", "4", "--yes"})
            .code == 0);
  CHECK(control.asked == std::vector<std::string>{"purge", "purge through 4"});
  CHECK(rebufctl({"--admin", socket(), "route", "pause", "telemetry", "--yes"}).code == 2);
}

TEST_CASE("when no rebufd answers, rebufctl says where it looked and ends with 7") {
  const test::Finished status = rebufctl({"--admin", "unix:/does/not/exist", "status"});
  CHECK(status.code == 7);
  CHECK(has(status.errors, "/does/not/exist"));
  CHECK(status.output.empty());
  CHECK(rebufctl({"--admin", "unix:/does/not/exist", "wal", "stats", "some-route"}).code == 7);
}

TEST_CASE("an answer that is no rebufd's is a failure that says so, for every command that asks") {
  for (const char* body :
       {"<html>", "[]", "{}", R"({"version":1,"routes":[],"sinks":[]})",
        R"({"version":"1","data_dir":"/x","routes":[{"name":"r"}],"sinks":[1]})"}) {
    httplib::Server other;
    other.Get(".*", [&](const httplib::Request&, httplib::Response& response) {
      response.set_content(body, "application/json");
    });
    const int port = other.bind_to_any_port("127.0.0.1");
    std::thread serving([&] { other.listen_after_bind(); });
    const std::string place = "http://127.0.0.1:" + std::to_string(port);
    for (const std::vector<std::string>& command : {std::vector<std::string>{"status"},
                                                    {"status", "--json"},
                                                    {"embedded", "down"},
                                                    {"wal", "stats", "some-route"}}) {
      std::vector<std::string> arguments{"--admin", place};
      arguments.insert(arguments.end(), command.begin(), command.end());
      const test::Finished finished = rebufctl(arguments);
      CHECK(finished.code == 1);
      CHECK_MESSAGE(has(finished.errors, "no rebufd"), finished.errors);
    }
    other.stop();
    serving.join();
  }
}

TEST_CASE("a status that lacks what is to be shown is a failure that names it") {
  httplib::Server other;
  other.Get(".*", [](const httplib::Request&, httplib::Response& response) {
    response.set_content(
        R"({"version":"9","data_dir":"/x","uptime_seconds":1,"listen":[],"routes":[{"name":"r"}],"sinks":[]})",
        "application/json");
  });
  const int port = other.bind_to_any_port("127.0.0.1");
  std::thread serving([&] { other.listen_after_bind(); });
  const test::Finished status =
      rebufctl({"--admin", "http://127.0.0.1:" + std::to_string(port), "status"});
  CHECK(status.code == 1);
  CHECK_MESSAGE(has(status.errors, "'state'"), status.errors);
  other.stop();
  serving.join();
}

TEST_CASE("a mistake on the command line ends with 2") {
  CHECK(rebufctl({}).code == 2);
  CHECK(rebufctl({"nonsense"}).code == 2);
  CHECK(rebufctl({"embedded", "sideways"}).code == 2);
  CHECK(rebufctl({"wal"}).code == 2);
  CHECK(rebufctl({"wal", "verify"}).code == 2);
  CHECK(rebufctl({"--admin", "ftp://x", "status"}).code == 2);
  CHECK(rebufctl({"--help"}).code == 0);
  CHECK(rebufctl({"--version"}).output.starts_with("rebufctl "));
}

}  // namespace rebuf::ctl_test
