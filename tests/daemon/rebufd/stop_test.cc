#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <set>
#include <thread>

#include "harness.h"

namespace rebuf::daemon::rebufd_test {
TEST_CASE_FIXTURE(Rebufd, "SIGTERM under load loses nothing that was answered, and ends with 0") {
  configure(file_route(*this));
  start();
  std::vector<std::set<std::string>> answered(4);
  std::vector<std::thread> clients;
  for (std::size_t client = 0; client < answered.size(); ++client)
    clients.emplace_back([&, client] {
      httplib::Client http("127.0.0.1", ingest_port);
      http.set_keep_alive(true);
      http.set_read_timeout(test::program_patience);
      for (int i = 0;; ++i) {
        const std::string value = std::to_string(client) + "-" + std::to_string(i);
        const auto answer = http.Post("/ingest/r", value, "text/plain");
        if (!answer) return;  // rebufd is gone
        if (answer->status >= 300) return;
        answered[client].insert(value);
      }
    });
  CHECK(eventually([&] {
    return std::filesystem::exists(directory.path() / "out.ndjson") &&
           std::filesystem::file_size(directory.path() / "out.ndjson") > 1000;
  }));
  CHECK(stop() == 0);
  for (std::thread& client : clients) client.join();

  // What the log kept is delivered by the next one.
  start();
  CHECK(eventually([&] {
    return admin().Get("/metrics")->body.find("rebufd_backlog_messages{route=\"r\"} 0\n") !=
           std::string::npos;
  }));
  CHECK(stop() == 0);
  std::set<std::string> arrived;
  std::ifstream file(directory.path() / "out.ndjson");
  for (std::string line; std::getline(file, line);) arrived.insert(line);
  std::size_t count = 0;
  for (const std::set<std::string>& values : answered)
    for (const std::string& value : values) {
      ++count;
      CHECK_MESSAGE(arrived.contains(value), value);
    }
  CHECK(count > 100);
}

TEST_CASE_FIXTURE(Rebufd, "a second signal stops waiting for the sink, and what it held is kept") {
  const SilentServer silent;
  configure("stop_timeout: 1h\nsinks:\n  hang: { type: http, url: \"http://127.0.0.1:" +
            std::to_string(silent.port()) +
            "/\", timeout: 1h }\nroutes:\n  r: { sink: hang, spill_after: 29s }\n");
  start();
  const auto direct = [&] {
    return admin().Get("/api/v1/status")->body.find("\"state\": \"direct\"") != std::string::npos;
  };
  REQUIRE(eventually(direct));
  int status = 0;
  std::thread client([&] {
    auto http = ingest();
    const auto answer = http.Post("/ingest/r", "held", "text/plain");
    status = answer ? answer->status : 0;
  });
  REQUIRE(eventually([&] {
    return admin().Get("/metrics")->body.find("rebufd_in_flight_messages{route=\"r\"} 1\n") !=
           std::string::npos;
  }));
  program->send(SIGTERM);
  program->wait_for_error("waits for what is in transit");
  CHECK_FALSE(program->ended());
  program->send(SIGTERM);
  CHECK(program->wait(std::chrono::seconds(20)) == 0);  // before spill_after would end the wait
  client.join();
  CHECK(status == 202);
}

TEST_CASE_FIXTURE(Rebufd,
                  "the admin socket goes with the process, and a killed one's is replaced") {
  configure(file_route(*this));
  start();
  const auto socket = directory.path() / "admin.sock";
  program->send(SIGKILL);
  program->wait();
  CHECK(std::filesystem::exists(socket));
  start();
  CHECK(stop() == 0);
  CHECK_FALSE(std::filesystem::exists(socket));
}

}  // namespace rebuf::daemon::rebufd_test
