// Reload while others are at work: clients, further reloads, a stop.
#include <doctest/doctest.h>

#include <atomic>
#include <csignal>
#include <memory>
#include <thread>

#include "harness.h"

namespace rebuf::daemon::rebufd_test {
namespace {

// Posts over one connection until it is told to end; nothing but 200 is right.
class SteadyClient {
 public:
  explicit SteadyClient(std::uint16_t port) : thread_([this, port] { run(port); }) {}
  ~SteadyClient() { end(); }
  SteadyClient(const SteadyClient&) = delete;
  SteadyClient& operator=(const SteadyClient&) = delete;

  void end() {
    ends_ = true;
    if (thread_.joinable()) thread_.join();
  }
  [[nodiscard]] int answers() const { return answers_; }
  [[nodiscard]] int others() const { return others_; }  // than 200
  [[nodiscard]] int connections() const { return connections_; }

 private:
  void run(std::uint16_t port) {
    httplib::Client http("127.0.0.1", port);
    http.set_keep_alive(true);
    http.set_read_timeout(test::program_patience);
    http.set_socket_options([this](int) { ++connections_; });
    while (!ends_) {
      const auto answer = http.Post("/ingest/r", "x", "text/plain");
      ++(answer && answer->status == 200 ? answers_ : others_);
    }
  }

  std::atomic<bool> ends_{false};
  std::atomic<int> answers_{0}, others_{0}, connections_{0};
  std::thread thread_;
};

}  // namespace

TEST_CASE_FIXTURE(Rebufd, "a route that does not change is not disturbed by reloads under load") {
  const std::string start_of_all =
      "sinks:\n  out: { type: file, path: " + (directory.path() / "out").string() +
      " }\n  other: { type: file, path: " + (directory.path() / "other").string() +
      " }\nroutes:\n  r: { sink: out, spill_after: 29s }\n";  // a busy machine is no outage
  configure(start_of_all);
  start();
  REQUIRE(eventually([&] { return status()["routes"][0]["state"] == "direct"; }));
  std::vector<std::unique_ptr<SteadyClient>> clients;
  for (int i = 0; i < 3; ++i) clients.push_back(std::make_unique<SteadyClient>(ingest_port));
  for (int i = 0; i < 12; ++i) {
    // One that comes and goes, into the same sink, and one that changes each time.
    configure(start_of_all + (i % 2 == 0 ? "  s: { sink: out }\n" : "") +
              "  t: { sink: other, topic: t" + std::to_string(i) + " }\n");
    CHECK(rebufctl({"reload"}).code == 0);
    CHECK(post("/ingest/t", "y") < 300);
    CHECK((post("/ingest/s", "y") < 300) == (i % 2 == 0));
    const int before = clients.front()->answers();
    CHECK(eventually([&] { return clients.front()->answers() > before + 5; }));
  }
  int answers = 0;
  for (const auto& client : clients) {
    client->end();
    answers += client->answers();
    CHECK(client->others() == 0);
    CHECK(client->connections() == 1);
  }
  const std::string all = std::to_string(answers);
  CHECK(measures("rebufd_messages_accepted_total{route=\"r\"} " + all));
  CHECK(measures("rebufd_messages_delivered_total{route=\"r\",path=\"direct\"} " + all));
  CHECK(stop() == 0);
}

TEST_CASE_FIXTURE(Rebufd,
                  "many who ask for a reload at once are all answered when theirs is done") {
  const std::string start_of_all =
      "sinks:\n  out: { type: file, path: " + (directory.path() / "out").string() +
      " }\nroutes:\n  r: { sink: out }\n";
  configure(start_of_all);
  start();
  configure(start_of_all + "  s: { sink: out }\n");
  std::vector<std::unique_ptr<test::Program>> asking;
  for (int i = 0; i < 5; ++i) {
    asking.push_back(std::make_unique<test::Program>(rebufctl_command({"reload"})));
    program->send(SIGHUP);
  }
  for (const auto& one : asking) CHECK(one->wait() == 0);
  CHECK(post("/ingest/s", "x") < 300);
  CHECK(stop() == 0);
}

TEST_CASE_FIXTURE(Rebufd, "when routes go, those that stay get their part of the memory at once") {
  const SilentServer silent;
  const std::string message(400'000, 'x');
  const auto with = [&](int others) {
    std::string routes = "  r: { sink: hang, spill_after: 29s }\n";
    for (int i = 0; i < others; ++i) routes += "  o" + std::to_string(i) + ": { sink: hang }\n";
    configure("limits: { memory: 8MiB }\nstop_timeout: 1s\nsinks:\n  hang: { type: http, url: \"" +
              ("http://127.0.0.1:" + std::to_string(silent.port())) +
              "/\", timeout: 1h }\nroutes:\n" + routes);
  };
  const auto sink_holds = [&](std::size_t messages) {
    return eventually(
        [&] { return status()["sinks"][0]["held_bytes"] == messages * message.size(); });
  };
  with(7);  // half a MiB for each
  start();
  REQUIRE(eventually([&] { return status()["routes"][0]["state"] == "direct"; }));
  std::thread first([&] { CHECK(post("/ingest/r", message) == 202); });
  CHECK(sink_holds(1));
  std::thread second([&] { CHECK(post("/ingest/r", message) == 202); });
  with(0);
  CHECK(rebufctl({"reload"}).code == 0);
  CHECK(sink_holds(2));
  CHECK(stop() == 0);
  first.join();
  second.join();
}

TEST_CASE_FIXTURE(Rebufd, "SIGTERM in the middle of a reload ends both, and keeps what was held") {
  const SilentServer silent;
  const auto with = [&](const std::string& more) {
    configure(
        "stop_timeout: 1h\nsinks:\n  hang: { type: http, url: \"http://127.0.0.1:" +
        std::to_string(silent.port()) +
        "/\", timeout: 1h }\nroutes:\n  r: { sink: hang, spill_after: 29s, drain: { jitter: 1h }" +
        more + " }\n");
  };
  with("");
  start();
  REQUIRE(eventually([&] { return status()["routes"][0]["state"] == "direct"; }));
  int held = 0;
  std::thread client([&] { held = post("/ingest/r", "held"); });
  REQUIRE(eventually([&] { return measures("rebufd_in_flight_messages{route=\"r\"} 1"); }));
  with(", path: /moved");
  test::Program first(rebufctl_command({"reload"}));
  // It has stopped the route and waits for the sink.
  REQUIRE(eventually([&] {
    const auto ready = admin().Get("/readyz/r");
    return ready && ready->body.find("stopping") != std::string::npos;
  }));
  CHECK(post("/ingest/r", "new") == 503);
  with(", path: /moved/again");
  test::Program second(rebufctl_command({"reload"}));
  CHECK_FALSE(first.ended());
  program->send(SIGTERM);
  CHECK(program->wait(std::chrono::seconds(20)) == 0);  // before spill_after would end the wait
  client.join();
  CHECK(held == 202);
  CHECK(first.wait() == 0);
  CHECK(second.wait() != 0);  // it was never begun, or came too late
  start();
  CHECK(eventually([&] { return measures("rebufd_backlog_messages{route=\"r\"} 1"); }));
}

}  // namespace rebuf::daemon::rebufd_test
