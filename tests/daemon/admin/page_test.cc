// The status page as a browser shows it.
#include <doctest/doctest.h>

#include "harness.h"
#include "support/program.h"

namespace rebuf::daemon::admin_test {
namespace {

// The document after its scripts ran for the given time of the browser's clock.
std::string shown_page(const Harness& harness, int milliseconds = 3000) {
  const test::TemporaryDirectory profile;
  const test::Finished browser =
      test::run({"chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
                 "--no-first-run", "--disable-background-networking", "--disable-component-update",
                 "--disable-sync", "--user-data-dir=" + profile.path().string(), "--dump-dom",
                 "--virtual-time-budget=" + std::to_string(milliseconds), harness.url("/")});
  REQUIRE_MESSAGE(browser.code == 0, browser.errors);
  return browser.output;
}

bool has(const std::string& page, const std::string& text) {
  return page.find(text) != std::string::npos;
}

}  // namespace

TEST_CASE_FIXTURE(Harness, "the page shows a route's state, backlog, rates, sink and error") {
  route.set(fill_with_outage);
  kafka.set_embedded_up(false);
  sources.orphans = {{"old", "/data/old", 1234, 5678, 9, {}}};
  start();
  const std::string page = shown_page(*this);
  for (const char* text :
       {">telemetry<", ">buffering<", "all brokers are down", "12,345 messages wait",
        "512 MiB of 1.0 GiB", ">1 h 1 min<", ">1,500/s<", ">2.5/s<", ">1 min 30 s<", ">main down<",
        "connection refused", "7,654,321", "kcat -b 127.0.0.1:40001", "127.0.0.1:8082",
        "Orphaned old: 1,234 messages and 9 dead letters wait in /data/old"}) {
    CAPTURE(text);
    CHECK(has(page, text));
  }
}

TEST_CASE_FIXTURE(Harness, "what a server says is shown as text, never run") {
  route.set([](RouteSnapshot& now) {
    now.last_error = "<img src=x onerror=\"document.title='owned'\">";
  });
  start();
  const std::string page = shown_page(*this);
  CHECK(has(page, "&lt;img src=x"));
  CHECK_FALSE(has(page, "<title>owned"));
}

TEST_CASE_FIXTURE(Harness, "the page asks again and again") {
  start();
  REQUIRE(has(shown_page(*this, 10000), ">telemetry<"));
  CHECK(route.times_asked() >= 3);
}

}  // namespace rebuf::daemon::admin_test
