#include <doctest/doctest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "harness.h"
#include "log_maker.h"

namespace rebuf::ctl_test {
namespace {

using Json = nlohmann::json;

struct Fixture {
  test::TemporaryDirectory directory;
  const std::filesystem::path route = directory.path() / "telemetry";
  const std::filesystem::path segments = route / "log";
};

std::vector<Json> lines_of(const std::string& output) {
  std::vector<Json> lines;
  std::istringstream text(output);
  for (std::string line; std::getline(text, line);) lines.push_back(Json::parse(line));
  return lines;
}

}  // namespace

TEST_CASE_FIXTURE(Fixture,
                  "export gives every entry as JSON: text as text, other bytes in base64") {
  LogMaker log(route);
  log.message("hello", "k1");
  log.message("\xff\xfe");
  log.raw("from elsewhere");
  log.close();
  const test::Finished done = rebufctl({"wal", "export", segments.string()});
  CHECK(done.code == 0);
  CHECK(done.errors.empty());
  const std::vector<Json> lines = lines_of(done.output);
  REQUIRE(lines.size() == 3);
  CHECK(lines[0].at("segment") == 0);
  CHECK(lines[0].at("offset") == 0);
  CHECK(lines[0].at("id") == "00000000000000000000000000000001");
  CHECK(lines[0].at("arrival_ms") == 1'700'000'000'000);
  CHECK(lines[0].at("topic") == "t");
  CHECK(lines[0].at("key") == "k1");
  CHECK(lines[0].at("headers").at(0).at("name") == "content-type");
  CHECK(lines[0].at("value") == "hello");
  CHECK(lines[1].at("key").is_null());
  CHECK(lines[1].at("value_base64") == "//4=");
  CHECK(lines[2].at("value") == "from elsewhere");
  CHECK_FALSE(lines[2].contains("id"));
  CHECK(rebufctl({"wal", "export", "--values", segments.string()}).output ==
        "hello\n\xff\xfe\nfrom elsewhere\n");
}

TEST_CASE_FIXTURE(Fixture, "export of dead letters says why each one is dead") {
  LogMaker log(route / "dead");
  log.dead_letter("too big", "too_large");
  log.close();
  const std::vector<Json> lines =
      lines_of(rebufctl({"wal", "export", (route / "dead").string()}).output);
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].at("reason") == "too_large");
  CHECK(lines[0].at("sink") == "main");
  CHECK(lines[0].at("detail") == "the broker says no");
  CHECK(lines[0].at("dead_since_ms") == 1'700'000'100'000);
  CHECK(lines[0].at("value") == "too big");
}

TEST_CASE_FIXTURE(Fixture, "a reader that ends early ends export, without a complaint") {
  LogMaker log(route);
  for (int i = 0; i < 3000; ++i) log.message(std::string(100, 'x'));
  log.close();
  const test::Finished piped = test::run(
      {"sh", "-c",
       std::string(REBUF_REBUFCTL) + " wal export " + segments.string() + " | head -n 1"});
  CHECK(lines_of(piped.output).size() == 1);
  CHECK(piped.errors.empty());
}

TEST_CASE_FIXTURE(Fixture, "verify ends with 0 for a whole log and with 3 for a damaged one") {
  LogMaker log(route);
  for (int i = 0; i < 10; ++i) log.message("value " + std::to_string(i));
  log.seal();
  log.message("last");
  log.close();
  CHECK(rebufctl({"wal", "verify", segments.string()}).code == 0);
  const Json clean = Json::parse(rebufctl({"wal", "verify", "--json", segments.string()}).output);
  CHECK(clean.at("clean") == true);
  CHECK(clean.at("entries") == 11);
  CHECK(clean.at("damages").empty());

  flip_bit(segments / "rebuf-0", 50);
  const test::Finished damaged = rebufctl({"wal", "verify", segments.string()});
  CHECK(damaged.code == 3);
  CHECK(damaged.errors.find("segment 0 at 0") != std::string::npos);
  const test::Finished as_json = rebufctl({"wal", "verify", "--json", segments.string()});
  CHECK(as_json.code == 3);
  const Json report = Json::parse(as_json.output);
  CHECK(report.at("clean") == false);
  CHECK(report.at("entries") == 10);
  CHECK(report.at("damages").at(0).at("segment") == 0);
  CHECK(report.at("damages").at(0).at("offset") == 0);
}

TEST_CASE_FIXTURE(Fixture,
                  "repair moves what is damaged beside the log, and verify finds it whole") {
  LogMaker log(route);
  for (int i = 0; i < 10; ++i) log.message("value " + std::to_string(i));
  log.seal();
  log.message("last");
  log.close();
  flip_bit(segments / "rebuf-0", 50);
  const bool root = ::geteuid() == 0;  // then the log is another user's, as rebufd's is
  if (root) REQUIRE(test::run({"chown", "-R", "65534:65534", directory.path().string()}).code == 0);
  const std::string name = segments.string() + "/";  // with a slash, as a shell completes it
  REQUIRE(rebufctl({"wal", "verify", name}).code == 3);
  const test::Finished done = rebufctl({"wal", "repair", name});
  CHECK(done.code == 0);
  CHECK(done.output.find("1 place is damaged") != std::string::npos);
  CHECK(done.output.find((route / "quarantine").string()) != std::string::npos);
  CHECK_FALSE(std::filesystem::is_empty(route / "quarantine"));
  const Json after = Json::parse(rebufctl({"wal", "verify", "--json", name}).output);
  CHECK(after.at("clean") == true);
  CHECK(after.at("entries") == 10);
  const auto owner = test::run({"stat", "-c", "%u", (segments / "rebuf-0").string()}).output;
  CHECK(owner == std::to_string(root ? 65534 : ::geteuid()) + "\n");
  CHECK(rebufctl({"wal", "repair", route.string()}).output.find("no damage") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "repair finds the cursor of a log that is named from within its route") {
  LogMaker(route).close();
  const test::Finished done =
      test::run({"sh", "-c", "cd " + route.string() + " && " + REBUF_REBUFCTL + " wal repair log"});
  CHECK(done.code == 0);
  CHECK_FALSE(std::filesystem::exists(route / "log.state"));
}

TEST_CASE_FIXTURE(Fixture, "repair refuses a log that is in use, and changes nothing") {
  LogMaker log(route);
  log.message("value");
  const test::Finished done = rebufctl({"wal", "repair", segments.string()});
  CHECK(done.code == 1);
  CHECK(done.errors.find("lock") != std::string::npos);
  log.message("another");
  log.close();
  CHECK(rebufctl({"wal", "export", "--values", segments.string()}).output == "value\nanother\n");
}

TEST_CASE_FIXTURE(Fixture, "inspect lists the segments, and with --entries every entry") {
  LogMaker log(route);
  log.message("one");
  log.message("two");
  log.seal();
  log.message("three", "k");
  log.close();
  const Json shown = Json::parse(rebufctl({"wal", "inspect", "--json", route.string()}).output);
  const Json& listed = shown.at("segments");
  REQUIRE(listed.size() == 2);
  CHECK(listed[0].at("file") == "rebuf-0");
  CHECK(listed[0].at("active") == false);
  CHECK(listed[0].at("entries") == 2);
  CHECK(listed[0].at("last_arrival_ms") == 1'700'000'000'001);
  CHECK(listed[1].at("file") == "rebuf.tmp");
  CHECK(listed[1].at("active") == true);
  CHECK(listed[1].at("entries") == 1);
  const std::string text = rebufctl({"wal", "inspect", route.string()}).output;
  CHECK(text.find("rebuf-0") != std::string::npos);
  const std::string entries = rebufctl({"wal", "inspect", "--entries", route.string()}).output;
  CHECK(entries.find("00000000000000000000000000000003") != std::string::npos);
  CHECK(entries.find("key k") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "stats counts entries, bytes, topics and ages") {
  LogMaker log(route);
  log.message("a");
  log.message("bbb");
  log.raw("elsewhere");
  log.close();
  const Json stats = Json::parse(rebufctl({"wal", "stats", "--json", route.string()}).output);
  CHECK(stats.at("entries") == 3);
  CHECK(stats.at("entries_without_envelope") == 1);
  CHECK(stats.at("value_bytes") == 13);
  CHECK(stats.at("smallest_value_bytes") == 1);
  CHECK(stats.at("largest_value_bytes") == 9);
  CHECK(stats.at("oldest_arrival_ms") == 1'700'000'000'000);
  CHECK(stats.at("newest_arrival_ms") == 1'700'000'000'001);
  CHECK(stats.at("topics").at("t") == 2);
  CHECK(rebufctl({"wal", "stats", route.string()}).output.find("3 entries") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "an empty log is fine in every verb") {
  LogMaker(route).close();
  for (const char* verb : {"inspect", "verify", "repair", "export", "stats"}) {
    CAPTURE(verb);
    CHECK(rebufctl({"wal", verb, route.string()}).code == 0);
  }
}

TEST_CASE_FIXTURE(Fixture, "what is no log is told as such, and ends with 1") {
  for (const char* verb : {"inspect", "verify", "repair", "export", "stats"}) {
    const test::Finished missing =
        rebufctl({"wal", verb, (directory.path() / "nothing/here").string()});
    CHECK(missing.code == 1);
    CHECK(missing.errors.find("nothing/here") != std::string::npos);
  }
}

TEST_CASE_FIXTURE(daemon::admin_test::Harness, "a route's name finds its log through the daemon") {
  LogMaker log(directory.path() / "telemetry");
  log.message("found");
  start();
  const std::string socket = "unix:" + admin.socket;
  const test::Finished done = rebufctl({"--admin", socket, "wal", "export", "telemetry"});
  CHECK(done.code == 0);
  CHECK(lines_of(done.output).at(0).at("value") == "found");
  const test::Finished unknown = rebufctl({"--admin", socket, "wal", "export", "nobody"});
  CHECK(unknown.code == 1);
  CHECK(unknown.errors.find("neither a directory nor a route") != std::string::npos);
}

}  // namespace rebuf::ctl_test
