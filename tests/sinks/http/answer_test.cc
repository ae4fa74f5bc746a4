// What becomes of which answer.
#include <algorithm>
#include <ctime>

#include "endpoint.h"

namespace rebuf::sinks::test {
namespace {

// Gives these statuses one after the other, then 200.
Answerer statuses(std::vector<int> list) {
  auto left = std::make_shared<std::vector<int>>(list.rbegin(), list.rend());
  auto mutex = std::make_shared<std::mutex>();
  return [=](const Seen&, httplib::Response& response) {
    const std::lock_guard lock(*mutex);
    if (left->empty()) return;
    response.status = left->back();
    left->pop_back();
  };
}

bool has_line(const Seen& seen, const std::string& line) {
  const auto lines = lines_of(seen.body);
  return std::ranges::find(lines, line) != lines.end();
}

// What was taken (answered 200), in order.
struct Taken {
  std::mutex mutex;
  std::vector<std::string> lines;
  void add(const Seen& seen) {
    const std::lock_guard lock(mutex);
    for (const std::string& line : lines_of(seen.body)) lines.push_back(line);
  }
};

TEST_CASE("an answer that is about the sink is waited out: the same batch again, nothing passes") {
  for (const int status : {500, 502, 503, 504, 401, 403, 404, 408, 301, 307}) {
    CAPTURE(status);
    Messages messages("t");
    messages.add_numbered(600);
    Endpoint endpoint(statuses({status, status}));
    Hook hook(settings_for(endpoint.url()));
    hook.submit(messages);
    hook.recorder.wait_reports(600);
    CHECK(hook.recorder.count(Outcome::delivered) == 600);
    const auto bodies = endpoint.bodies();
    REQUIRE(bodies.size() == 4);
    CHECK(bodies[0] == bodies[1]);
    CHECK(bodies[0] == bodies[2]);
    CHECK(endpoint.seen()[0].header("Rebuf-Ids") == endpoint.seen()[2].header("Rebuf-Ids"));
    CHECK(lines_of(bodies[3]).front() == "500");
    REQUIRE(hook.recorder.health.size() == 3);
    CHECK_FALSE(hook.recorder.health[0].up);
    CHECK(hook.recorder.health[0].error_class == "http_" + std::to_string(status));
    CHECK(hook.recorder.health[2].up);
    CHECK(hook.sink->stats().up);
  }
}

TEST_CASE("a redirect is not followed, and the reason tells where it leads") {
  Messages messages("t");
  messages.add(1, "x");
  std::atomic<int> asked = 0;
  Endpoint endpoint([&](const Seen& seen, httplib::Response& response) {
    CHECK(seen.target == "/in");
    if (asked++ == 0) response.set_redirect("/elsewhere", 302);
  });
  Hook hook(settings_for(endpoint.url()));
  hook.submit(messages);
  hook.recorder.wait_reports(1);
  CHECK(hook.recorder.health[0].reason.find("/elsewhere") != std::string::npos);
}

TEST_CASE("Retry-After in seconds is honoured, and is no outage") {
  for (const int status : {429, 503}) {
    CAPTURE(status);
    Messages messages("t");
    messages.add(1, "x");
    std::vector<std::chrono::steady_clock::time_point> asked;
    Endpoint endpoint([&](const Seen&, httplib::Response& response) {
      asked.push_back(std::chrono::steady_clock::now());
      if (asked.size() > 1) return;
      response.status = status;
      response.set_header("Retry-After", "1");
    });
    Hook hook(settings_for(endpoint.url()));
    hook.submit(messages);
    hook.recorder.wait_reports(1);
    REQUIRE(asked.size() == 2);
    CHECK(asked[1] - asked[0] >= seconds(1));
    const HeardHealth heard = hook.recorder.health.at(0);
    CHECK(heard.up);
    CHECK(heard.error_class == "http_" + std::to_string(status));
    CHECK(heard.throttled_for == seconds(1));
  }
}

TEST_CASE("Retry-After as a date is a pause until then, and is no outage") {
  Messages messages("t");
  messages.add(1, "x");
  Endpoint endpoint([&](const Seen&, httplib::Response& response) {
    const std::time_t then = std::time(nullptr) + 600;
    std::tm utc{};
    gmtime_r(&then, &utc);
    char text[64];
    const std::size_t size = std::strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &utc);
    response.status = 429;
    response.set_header("Retry-After", std::string(text, size));
  });
  Hook hook(settings_for(endpoint.url()));
  hook.submit(messages);
  hook.recorder.wait("health", [&] { return !hook.recorder.health.empty(); });
  const HeardHealth heard = hook.recorder.health.at(0);
  CHECK(heard.up);
  CHECK(heard.throttled_for > seconds(600) - patience);
  CHECK(heard.throttled_for <= seconds(600));
}

TEST_CASE("429 without Retry-After is a throttle too, as long as a retry's pause") {
  Messages messages("t");
  messages.add(1, "x");
  Endpoint endpoint(statuses({429}));
  Hook hook(settings_for(endpoint.url()));
  hook.submit(messages);
  hook.recorder.wait_reports(1);
  CHECK(hook.recorder.health.at(0).up);
  CHECK(hook.recorder.health.at(0).throttled_for >= milliseconds(5));
}

TEST_CASE("halving finds the one poisoned message of a batch, and the others keep their order") {
  Messages messages("t");
  messages.add_numbered(500);
  Taken taken;
  Endpoint endpoint([&](const Seen& seen, httplib::Response& response) {
    if (has_line(seen, "321")) {
      response.status = 422;
      response.set_content("no such meter", "text/plain");
    } else {
      taken.add(seen);
    }
  });
  Hook hook(settings_for(endpoint.url()));
  hook.submit(messages);
  hook.recorder.wait_reports(500);
  CHECK(hook.recorder.count(Outcome::delivered) == 499);
  const Heard poisoned = hook.recorder.by_token[322];
  CHECK(poisoned.outcome == Outcome::refused);
  CHECK(poisoned.refusal == Refusal::invalid);
  CHECK(poisoned.detail == "HTTP 422: no such meter");
  std::vector<std::string> expected;
  for (int i = 0; i < 500; ++i)
    if (i != 321) expected.push_back(std::to_string(i));
  CHECK(taken.lines == expected);
  CHECK(endpoint.seen().size() < 25);
}

TEST_CASE("413 for a batch makes smaller ones, for a single message it is too large") {
  Messages messages("t");
  messages.add_numbered(100);
  messages.add(101, std::string(2000, 'x'));
  messages.add(102, "last");
  Taken taken;
  Endpoint endpoint([&](const Seen& seen, httplib::Response& response) {
    if (seen.body.size() > 100)
      response.status = 413;
    else
      taken.add(seen);
  });
  Hook hook(settings_for(endpoint.url()));
  hook.submit(messages);
  hook.recorder.wait_reports(102);
  CHECK(hook.recorder.count(Outcome::delivered) == 101);
  CHECK(hook.recorder.by_token[101].refusal == Refusal::too_large);
  CHECK(taken.lines.size() == 101);
  CHECK(taken.lines.back() == "last");
}

TEST_CASE("what is a dead letter is the configuration's word") {
  Messages messages("t");
  messages.add_numbered(2);
  Endpoint endpoint(statuses({403, 400}));
  auto settings = settings_for(endpoint.url(), HttpFormat::single);
  settings.dead_letter_status = {403};
  Hook hook(settings);
  hook.submit(messages);
  hook.recorder.wait_reports(2);
  CHECK(hook.recorder.by_token[1].refusal == Refusal::auth);
  CHECK(hook.recorder.by_token[2].outcome == Outcome::delivered);
  CHECK(endpoint.seen().size() == 3);
}

TEST_CASE("a probe gets the health path, and says what came back") {
  std::atomic<int> status = 503;
  Endpoint endpoint([&](const Seen& seen, httplib::Response& response) {
    CHECK(seen.target == "/health");
    response.status = status;
  });
  auto settings = settings_for(endpoint.url());
  settings.health_path = "/health";
  Hook hook(settings);
  HeardHealth heard = hook.recorder.probe(*hook.channel);
  CHECK_FALSE(heard.up);
  CHECK(heard.error_class == "http_503");
  status = 204;
  heard = hook.recorder.probe(*hook.channel);
  CHECK(heard.up);
}

TEST_CASE("a health path that answers ends the wait for the next try of what is held") {
  Messages messages("t");
  messages.add_numbered(3);
  std::atomic<bool> well = false;
  Endpoint endpoint(
      [&](const Seen&, httplib::Response& response) { response.status = well ? 200 : 500; });
  auto settings = settings_for(endpoint.url());
  settings.health_path = "/health";
  settings.retry_min = settings.retry_max = std::chrono::minutes(10);
  Hook hook(settings);
  hook.submit(messages);
  (void)hook.recorder.wait_down();
  CHECK_FALSE(hook.recorder.probe(*hook.channel).up);
  well = true;
  CHECK(hook.recorder.probe(*hook.channel).up);
  hook.recorder.wait_reports(3);
  CHECK(hook.recorder.count(Outcome::delivered) == 3);
}

TEST_CASE("an endpoint that is down from the start is told of once") {
  std::mutex mutex;
  std::vector<std::string> lines;
  const auto log = [&](LogLevel level, std::string_view line) {
    const std::lock_guard lock(mutex);
    if (level == LogLevel::warning) lines.emplace_back(line);
  };
  const ClosedPort closed;
  auto settings = settings_for(closed.url());
  Recorder recorder;
  const auto sink = make_http_sink(settings, log, {}).sink;
  const auto channel = sink->attach({.route = "r", .topic = "t"}, recorder);
  CHECK_FALSE(recorder.probe(*channel).up);
  CHECK_FALSE(recorder.probe(*channel).up);
  const std::lock_guard lock(mutex);
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].find("down for route r: ") != std::string::npos);
}

TEST_CASE("without a health path a probe is a TCP connect") {
  Endpoint endpoint([](const Seen&, httplib::Response&) {});
  {
    Hook hook(settings_for(endpoint.url()));
    CHECK(hook.recorder.probe(*hook.channel).up);
    CHECK(endpoint.seen().empty());
  }
  const ClosedPort closed;
  Hook hook(settings_for(closed.url()));
  const HeardHealth heard = hook.recorder.probe(*hook.channel);
  CHECK_FALSE(heard.up);
  CHECK(heard.error_class == "connect");
}

}  // namespace
}  // namespace rebuf::sinks::test
