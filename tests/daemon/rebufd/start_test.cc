// What stops a start, and what does not.
#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "harness.h"

namespace rebuf::daemon::rebufd_test {
namespace {

bool says(const test::Finished& finished, const std::string& text) {
  return finished.errors.find(text) != std::string::npos;
}

test::Finished run_to_end(const Rebufd& rebufd_under_test) {
  return test::run({rebufd(), "--config", rebufd_under_test.config.string()});
}

}  // namespace

TEST_CASE_FIXTURE(Rebufd, "a second rebufd on the same data directory says so and ends with 1") {
  configure(file_route(*this));
  start();
  const test::Finished second = run_to_end(*this);
  CHECK(second.code == 1);
  CHECK_MESSAGE(says(second, "another rebufd holds " + data.string()), second.errors);
  CHECK(ingest().Post("/ingest/r", "x", "text/plain")->status < 300);
}

TEST_CASE_FIXTURE(Rebufd, "a port that is taken is named, and ends with 1") {
  configure(file_route(*this));
  start();
  for (const bool is_admin : {false, true}) {
    Rebufd other;
    const std::string port = std::to_string(is_admin ? admin_port : ingest_port);
    std::ofstream(other.config) << "data_dir: " << other.data.string()
                                << "\nhttp: { listen: \"127.0.0.1:" << (is_admin ? "0" : port)
                                << "\" }\nadmin: { listen: \"127.0.0.1:" << (is_admin ? port : "0")
                                << "\", socket: "
                                << (other.directory.path() / "admin.sock").string() << " }\n"
                                << file_route(other);
    const test::Finished refused = run_to_end(other);
    CHECK(refused.code == 1);
    CHECK_MESSAGE(says(refused, "127.0.0.1:" + port), refused.errors);
    CHECK_MESSAGE(says(refused, "in use"), refused.errors);
  }
}

// Another code than the configuration's: systemd tries again, and after a boot the name may be
// there.
TEST_CASE_FIXTURE(Rebufd, "a listen name that does not resolve is named, and ends with 1") {
  for (const bool is_admin : {false, true}) {
    const std::string unknown = "no.such.host.invalid:8082";
    std::ofstream(config) << "data_dir: " << data.string() << "\nhttp: { listen: \""
                          << (is_admin ? "127.0.0.1:0" : unknown) << "\" }\nadmin: { listen: \""
                          << (is_admin ? unknown : "127.0.0.1:0")
                          << "\", socket: " << (directory.path() / "admin.sock").string() << " }\n"
                          << file_route(*this);
    const test::Finished refused = run_to_end(*this);
    CHECK(refused.code == 1);
    CHECK_MESSAGE(says(refused, "no.such.host.invalid"), refused.errors);
  }
}

TEST_CASE_FIXTURE(Rebufd, "a data directory that cannot be made is named, and ends with 1") {
  std::ofstream(config) << "data_dir: /proc/rebufd\nhttp: { listen: \"127.0.0.1:0\" }\n"
                        << file_route(*this);
  const test::Finished refused = run_to_end(*this);
  CHECK(refused.code == 1);
  CHECK_MESSAGE(says(refused, "/proc/rebufd"), refused.errors);
}

TEST_CASE_FIXTURE(Rebufd, "a route that cannot be opened refuses, says why, and stops no other") {
  configure(file_route(*this) + "  broken: { sink: out }\n");
  std::filesystem::create_directories(data);
  std::ofstream(data / "broken") << "a file where the route's directory belongs";
  start();
  CHECK(ingest().Post("/ingest/r", "x", "text/plain")->status < 300);
  const auto refused = ingest().Post("/ingest/broken", "x", "text/plain");
  CHECK(refused->status == 503);
  CHECK(refused->has_header("Retry-After"));
  CHECK(nlohmann::json::parse(refused->body).at("code") == "log_failed");

  CHECK(admin().Get("/readyz/r")->status == 200);
  CHECK(admin().Get("/readyz/broken")->status == 503);
  CHECK(admin().Get("/readyz")->status == 503);
  const auto status = nlohmann::json::parse(admin().Get("/api/v1/status")->body);
  const auto& broken = status.at("routes").at(1);
  CHECK(broken.at("state") == "failed");
  CHECK(broken.at("reason").get<std::string>().find((data / "broken").string()) !=
        std::string::npos);
  CHECK(stop() == 0);
}

TEST_CASE_FIXTURE(Rebufd, "the limit of open files is raised to what is allowed") {
  configure(file_route(*this));
  program = std::make_unique<test::Program>(std::vector<std::string>{
      "prlimit", "--nofile=200:3000", rebufd(), "--config", config.string()});
  const std::string log = program->wait_for_error("ready");
  const std::string phrase = "health on 127.0.0.1:";
  admin_port = static_cast<std::uint16_t>(std::stoi(log.substr(log.find(phrase) + phrase.size())));
  const std::string metrics = admin().Get("/metrics")->body;
  CHECK(metrics.find("\nprocess_max_fds 3000\n") != std::string::npos);
}

TEST_CASE_FIXTURE(Rebufd, "with log.format json every line is an object") {
  configure("log: { format: json }\n" + file_route(*this));
  start();
  stop();
  std::istringstream lines(program->errors());
  std::string line;
  int count = 0;
  for (; std::getline(lines, line); ++count) {
    const auto object = nlohmann::json::parse(line);
    for (const char* field : {"time", "level", "source", "message"})
      CHECK_MESSAGE(object.contains(field), line);
  }
  CHECK(count >= 4);
}

}  // namespace rebuf::daemon::rebufd_test
