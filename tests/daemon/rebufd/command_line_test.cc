#include <doctest/doctest.h>

#include <fstream>

#include "harness.h"

namespace rebuf::daemon::rebufd_test {

TEST_CASE("--version and --help end with 0, a mistake on the command line with 2") {
  const test::Finished version = test::run({rebufd(), "--version"});
  CHECK(version.code == 0);
  CHECK(version.output.starts_with("rebufd "));
  CHECK(test::run({rebufd(), "--help"}).code == 0);
  CHECK(test::run({rebufd(), "--nonsense"}).code == 2);
  CHECK(test::run({rebufd(), "stray"}).code == 2);
  CHECK(test::run({rebufd(), "--check-config", "a", "--print-config", "a"}).code == 2);
}

TEST_CASE_FIXTURE(Rebufd, "--check-config names every mistake with its place, and ends with 2") {
  configure(
      "sinks:\n  out: { type: fil, path: /x }\nroutes:\n  r: { sink: out, spil_after: 1s }\n");
  const test::Finished check = test::run({rebufd(), "--check-config", config.string()});
  CHECK(check.code == 2);
  for (const char* place : {":5:16: ", ":7:19: "})
    CHECK_MESSAGE(check.errors.find(config.string() + place) != std::string::npos, check.errors);
  CHECK(test::run({rebufd(), "--config", config.string()}).code == 2);
}

TEST_CASE_FIXTURE(Rebufd, "--check-config ends with 0 for a good file, and writes nothing") {
  configure(file_route(*this));
  CHECK(test::run({rebufd(), "--check-config", config.string()}).code == 0);
  CHECK_FALSE(std::filesystem::exists(data));
}

TEST_CASE("a configuration that does not exist ends with 2") {
  for (const char* option : {"--check-config", "--print-config"}) {
    const test::Finished finished = test::run({rebufd(), option, ""});
    CHECK(finished.code == 2);
    CHECK_MESSAGE(finished.errors.find("/etc/rebufd") == std::string::npos, finished.errors);
  }
  CHECK(test::run({rebufd(), "--config", "/does/not/exist.yaml"}).code == 2);
}

TEST_CASE_FIXTURE(Rebufd, "what --print-config shows is a configuration again") {
  configure(file_route(*this));
  const test::Finished printed = test::run({rebufd(), "--print-config", config.string()});
  CHECK(printed.code == 0);
  CHECK(printed.output.find("request_timeout: 30s") != std::string::npos);
  std::ofstream(config) << printed.output;
  const test::Finished again = test::run({rebufd(), "--print-config", config.string()});
  CHECK(again.code == 0);
  CHECK(again.output == printed.output);
}

}  // namespace rebuf::daemon::rebufd_test
