// rebufctl dlq, over a directory of dead letters and against an admin server.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "harness.h"
#include "log_maker.h"

namespace rebuf::ctl_test {
namespace {

using daemon::admin_test::Harness;

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// A route's directory with two dead letters.
struct Letters {
  Letters() {
    std::filesystem::create_directory(route);
    { LogMaker(route).close(); }
    LogMaker dead(route / "dead");
    dead.dead_letter("first", "too_large");
    dead.dead_letter("second", "invalid");
    dead.close();
  }
  test::TemporaryDirectory directory;
  std::filesystem::path route = directory.path() / "telemetry";
};

struct Fixture : Harness {
  Fixture() {
    sources.data_dir = letters.directory.path().string();
    start();
  }
  test::Finished dlq(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"--admin", "unix:" + admin.socket, "dlq"});
    return rebufctl(std::move(arguments));
  }
  Letters letters;
};

std::vector<nlohmann::json> lines(const std::string& text) {
  std::vector<nlohmann::json> all;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) all.push_back(nlohmann::json::parse(line));
  return all;
}

}  // namespace

TEST_CASE_FIXTURE(Fixture, "dlq list shows id, time, reason, sink, topic and size") {
  const test::Finished list = dlq({"list", "telemetry"});
  CHECK_MESSAGE(list.code == 0, list.errors);
  for (const char* part : {"ID", "00000000000000000000000000000001", "2023-11-14T22:15:00.000Z",
                           "too_large", "invalid", "5 B", "6 B", "main"})
    CHECK_MESSAGE(has(list.output, part), part << " in " << list.output);
  const auto json = lines(dlq({"list", "--json", "telemetry"}).output);
  REQUIRE(json.size() == 2);
  CHECK(json[0].at("reason") == "too_large");
  CHECK(json[0].at("detail") == "the broker says no");
  CHECK(json[1].at("topic") == "t");
  CHECK(json[1].at("size_bytes") == 6);
}

TEST_CASE_FIXTURE(Fixture, "dlq list and export need no rebufd when they are given the directory") {
  server.reset();
  const test::Finished exported = rebufctl({"dlq", "export", letters.route.string()});
  CHECK_MESSAGE(exported.code == 0, exported.errors);
  const auto json = lines(exported.output);
  REQUIRE(json.size() == 2);
  CHECK(json[0].at("value") == "first");
  CHECK(json[0].at("reason") == "too_large");
  CHECK(json[0].at("headers").at(0).at("name") == "content-type");
  CHECK(dlq({"list", "telemetry"}).code == 7);
}

TEST_CASE_FIXTURE(Fixture, "dlq list leaves out what was put back") {
  {
    Options options;
    options.state_dir = letters.route / "dead";
    auto log = Log::open(letters.route / "dead" / "log", std::move(options));
    REQUIRE(log.ok());
    const auto first = (*log)->reader((*log)->cursor_at_open().cursor.position)->next(1);
    REQUIRE((*log)->save_cursor({first->entries[0].end, 0, {}}).ok());
  }
  const auto json = lines(dlq({"list", "--json", "telemetry"}).output);
  REQUIRE(json.size() == 1);
  CHECK(json[0].at("reason") == "invalid");
}

TEST_CASE_FIXTURE(Fixture, "dlq replay goes on until as many as stood there are through") {
  control.letters = 5;
  const test::Finished replay = dlq({"replay", "telemetry"});
  CHECK_MESSAGE(replay.code == 0, replay.errors);
  CHECK(replay.output == "telemetry: 6 dead letters put back, 3 of them refused again\n");
  CHECK(control.asked.size() == 3);
  control.refusal = Status(Code::cancelled, "the dead letters stay: the buffer is full");
  const test::Finished refused = dlq({"replay", "telemetry"});
  CHECK(refused.code == 1);
  CHECK(has(refused.errors, "the buffer is full"));
}

TEST_CASE_FIXTURE(Fixture, "dlq purge wants --yes where nobody can be asked") {
  control.letters = 5;
  CHECK(dlq({"purge", "telemetry"}).code == 2);
  CHECK(control.asked.empty());
  const test::Finished purge = dlq({"purge", "--yes", "telemetry"});
  CHECK_MESSAGE(purge.code == 0, purge.errors);
  CHECK(purge.output == "telemetry: 5 dead letters deleted\n");
  CHECK(dlq({"purge", "--yes", "nobody"}).code == 1);
  CHECK(dlq({"sideways", "telemetry"}).code == 2);
}

}  // namespace rebuf::ctl_test
