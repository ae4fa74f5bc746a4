// quiesce and stop.
#include <doctest/doctest.h>

#include <atomic>
#include <semaphore>
#include <thread>

#include "harness.h"

namespace rebuf::daemon::ingest_test {
namespace {

bool has_code(const Response& response, const std::string& code) {
  return response.body.find("\"code\":\"" + code + "\"") != std::string::npos;
}

TEST_CASE("after quiesce connections stay, requests are 503 stopping, new ones find nobody") {
  Harness harness;
  harness.start();
  Client client = harness.connect();
  REQUIRE(client.post("/ingest/r", "x").status == 200);
  harness.server->quiesce();
  for (int i = 0; i < 3; ++i) {
    const Response response = client.post("/ingest/r", "y");
    CHECK(response.status == 503);
    CHECK(has_code(response, "stopping"));
    CHECK_FALSE(response.header("retry-after").empty());
  }
  CHECK(client.request("GET", "/readyz").status == 503);
  CHECK(client.request("GET", "/healthz").status == 200);
  CHECK_FALSE(harness.connect().connected());
  CHECK(harness.route.offers() == 1);
}

TEST_CASE("stop waits for the answers of offered requests, and they are sent") {
  Harness harness;
  harness.route.mode = FakeRoute::Mode::held;
  harness.start();
  std::vector<Client> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(harness.connect());
    REQUIRE(clients.back().send(post_text("/ingest/r", "x")));
  }
  REQUIRE(harness.route.wait_held(20));
  std::atomic<bool> stopped{false};
  std::thread stopper([&] {
    harness.server->stop();
    stopped = true;
  });
  CHECK_FALSE(clients.front().ends(100ms));
  CHECK_FALSE(stopped);
  harness.route.answer_held();
  for (Client& client : clients) CHECK(client.receive().status == 200);
  stopper.join();
  CHECK(clients.front().ends());
}

TEST_CASE("a request that lies unread when the server ends is answered, then its connection ends") {
  std::atomic<bool> busy{false};
  std::binary_semaphore go_on{0};
  Harness harness;
  harness.log = [&](sinks::LogLevel, std::string_view) {
    if (!busy.exchange(true)) go_on.acquire();
  };
  harness.start();
  Client client = harness.connect();
  REQUIRE(client.post("/ingest/r", "x").status == 200);
  // It is complained of on the thread that serves both.
  Client other = harness.connect();
  REQUIRE(other.send(std::string(100'000, 'a')));
  REQUIRE(eventually([&] { return busy.load(); }));
  REQUIRE(client.send(post_text("/ingest/r", "y")));
  std::thread stopper([&] { harness.server->stop(); });
  REQUIRE(eventually([&] { return !harness.connect().connected(); }));
  for (int i = 0; i < 100; ++i) CHECK_FALSE(harness.connect().connected());  // the end is near
  go_on.release();
  const Response response = client.receive();
  CHECK(response.status == 503);
  CHECK(response.header("connection") == "close");
  CHECK(client.ends());
  stopper.join();
}

TEST_CASE("a body that comes whole only after quiesce is 503 and not taken") {
  Harness harness;
  harness.start();
  Client client = harness.connect();
  REQUIRE(client.send("POST /ingest/r HTTP/1.1\r\nHost: t\r\nContent-Length: 6\r\n\r\nabc"));
  REQUIRE(eventually([&] { return harness.budget->used() > 0; }));
  harness.server->quiesce();
  REQUIRE(client.send("def"));
  CHECK(has_code(client.receive(), "stopping"));
  CHECK(harness.route.offers() == 0);
}

TEST_CASE("requests that wait for memory are answered at quiesce") {
  Harness harness;
  harness.memory = 10'000;
  harness.http.request_timeout = 30s;
  harness.route.mode = FakeRoute::Mode::held;
  harness.start();
  Client first = harness.connect(), second = harness.connect();
  REQUIRE(first.send(post_text("/ingest/r", std::string(9'000, 'x'))));
  REQUIRE(harness.route.wait_held(1));
  REQUIRE(second.send(post_text("/ingest/r", std::string(5'000, 'x'))));
  CHECK_FALSE(second.ends(50ms));
  harness.server->quiesce();
  CHECK(has_code(second.receive(), "stopping"));
  harness.route.answer_held();
  CHECK(first.receive().status == 200);
}

TEST_CASE("stop in the middle of traffic loses no answer that was given") {
  for (const int count : {4, 24}) {  // so few that the route's thread sends answers; two threads'
    Harness harness;
    harness.route.mode = FakeRoute::Mode::other_thread;
    harness.start();
    std::atomic<std::size_t> delivered{0};
    std::atomic<int> started{0};
    std::vector<std::thread> threads;
    threads.reserve(static_cast<std::size_t>(count));
    for (int n = 0; n < count; ++n)
      threads.emplace_back([&] {
        Client client = harness.connect();
        ++started;
        while (client.post("/ingest/r", "x").status == 200) ++delivered;
      });
    REQUIRE(eventually([&] { return started == count && delivered > 200; }));
    harness.server->stop();
    for (std::thread& thread : threads) thread.join();
    CHECK(delivered == harness.route.offers());
  }
}

TEST_CASE("stop with idle and with stuck connections ends in time") {
  Harness harness;
  harness.start();
  Client idle = harness.connect(), stuck = harness.connect();
  REQUIRE(idle.post("/ingest/r", "x").status == 200);
  REQUIRE(stuck.send("POST /ingest/r HTTP/1.1\r\nHost: t\r\nContent-Length: 6\r\n\r\nabc"));
  REQUIRE(eventually([&] { return harness.budget->used() > 0; }));
  harness.server->stop();
  CHECK(idle.ends());
  CHECK(stuck.ends());
}

}  // namespace
}  // namespace rebuf::daemon::ingest_test
