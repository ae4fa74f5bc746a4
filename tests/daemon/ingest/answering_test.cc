// Answers that the route's thread sends itself, for few requests are under way; answer_held() is
// that thread here.
#include <doctest/doctest.h>

#include <future>
#include <random>
#include <thread>

#include "harness.h"

namespace rebuf::daemon::ingest_test {
namespace {

// A route "r" that holds what it is offered.
struct Held : Harness {
  Held() {
    http.threads = 1;
    route.mode = FakeRoute::Mode::held;
  }
  void answer(std::size_t count) {
    REQUIRE(route.wait_held(count));
    route.answer_held();
  }
};

TEST_CASE("an answer does not wait for its connection's thread, nor does the next request") {
  Held harness;
  FakeRoute busy("s");
  std::promise<void> entered, goes_on;
  busy.answer = [&](const Request&) {
    entered.set_value();
    goes_on.get_future().wait();
    Answer answer;
    answer.delivered = 1;
    return answer;
  };
  harness.routes.push_back({&busy, nullptr, nullptr});
  harness.start();
  Client client = harness.connect(), other = harness.connect();
  REQUIRE(client.send(post_text("/ingest/r", "1")));
  REQUIRE(harness.route.wait_held(1));
  REQUIRE(other.send(post_text("/ingest/s", "x")));  // has the one connection thread wait
  entered.get_future().wait();

  harness.route.answer_held();
  CHECK(client.receive().status == 200);
  CHECK(harness.counts.count(200) == 1);
  CHECK(harness.route.values() == std::vector<std::string>{"1"});
  REQUIRE(client.send(post_text("/ingest/r", "2")));
  goes_on.set_value();
  CHECK(other.receive().status == 200);
  harness.answer(1);
  CHECK(client.receive().status == 200);
}

TEST_CASE("an answered request holds no memory, though its connection is idle") {
  Held harness;
  harness.start();
  Client client = harness.connect();
  REQUIRE(client.send(post_text("/ingest/r", std::string(1000, 'x'))));
  REQUIRE(harness.route.wait_held(1));
  REQUIRE(harness.budget->used() > 0);
  harness.route.answer_held();
  CHECK(harness.budget->used() == 0);
  CHECK(client.receive().status == 200);
}

TEST_CASE("what comes before the answer is served behind it") {
  Held harness;
  harness.start();
  const std::string whole = post_text("/ingest/r", "2");
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    CAPTURE(cut);
    Client client = harness.connect();
    REQUIRE(client.send(post_text("/ingest/r", "1") + whole.substr(0, cut / 2)));
    REQUIRE(harness.route.wait_held(1));
    REQUIRE(client.send(whole.substr(cut / 2, cut - cut / 2)));
    harness.route.answer_held();
    REQUIRE(client.receive().status == 200);
    REQUIRE(client.send(whole.substr(cut)));
    harness.answer(1);
    REQUIRE(client.receive().status == 200);
    REQUIRE(client.send(whole));
    harness.answer(1);
    REQUIRE(client.receive().status == 200);
  }
}

TEST_CASE("an answer that is longer than the socket takes comes whole, and the next behind it") {
  constexpr std::size_t refused = 200'000;  // some twelve MB of errors
  Held harness;
  harness.route.answer = [](const Request& request) {
    Answer answer;
    answer.delivered = 1;
    for (std::uint32_t i = 1; i < request.batch.size(); ++i)
      answer.refused.push_back({i, sinks::Refusal::too_large, "too large"});
    return answer;
  };
  harness.memory = 1ULL << 30;
  harness.start();
  std::string lines;
  for (std::size_t i = 0; i <= refused; ++i) lines += "1\n";
  Client client = harness.connect();
  REQUIRE(client.send(post_text("/ingest/r", lines, "Content-Type: application/x-ndjson\r\n") +
                      post_text("/ingest/r", "behind it")));
  REQUIRE(harness.route.wait_held(1));
  harness.route.answer_held();  // nobody reads it yet
  const Response response = client.receive();
  CHECK(response.status == 200);
  CHECK(response.body.size() > 10'000'000);
  CHECK(response.body.ends_with("\"detail\":\"too large\"}]}"));
  harness.answer(1);
  CHECK(client.receive().status == 200);
  REQUIRE(client.send(post_text("/ingest/r", "x")));
  harness.answer(1);
  CHECK(client.receive().status == 200);
}

TEST_CASE("a connection ends behind an answer that says so") {
  Held harness;
  harness.start();
  Client asks = harness.connect(), told = harness.connect();
  REQUIRE(asks.send(post_text("/ingest/r", "x", "Connection: close\r\n")));
  harness.answer(1);
  CHECK(asks.receive().header("connection") == "close");
  CHECK(asks.ends());
  REQUIRE(told.send(post_text("/ingest/r", "x")));
  REQUIRE(harness.route.wait_held(1));
  harness.server->close_behind_answers();
  harness.route.answer_held();
  CHECK(told.receive().header("connection") == "close");
  CHECK(told.ends());
  CHECK(eventually([&] { return harness.server->open_connections() == 0; }));
}

TEST_CASE("a client that was reset before its answer is forgotten") {
  Held harness;
  harness.start();
  {
    Client client = harness.connect();
    REQUIRE(client.send(post_text("/ingest/r", "x")));
    REQUIRE(harness.route.wait_held(1));
    client.reset();
  }
  harness.route.answer_held();
  CHECK(eventually([&] { return harness.server->open_connections() == 0; }));
  CHECK(harness.budget->used() == 0);
}

TEST_CASE("few clients that send early, in pieces, are answered one for one, in order") {
  Harness harness;
  harness.http.threads = 2;
  harness.route.mode = FakeRoute::Mode::other_thread;
  harness.start();
  const std::uint64_t seed = seed_of_this_run("few clients");
  static constexpr int clients = 6, requests = 400;
  std::vector<std::thread> threads;
  threads.reserve(clients);
  for (int n = 0; n < clients; ++n)
    threads.emplace_back([&harness, n, seed] {
      std::mt19937_64 random(seed * 1000 + static_cast<std::uint64_t>(n));
      Client client = harness.connect();
      int answered = 0;
      for (int sent = 0; sent < requests;) {
        std::string text;
        const int ahead = 1 + static_cast<int>(random() % 3);
        for (int i = 0; i < ahead && sent < requests; ++i, ++sent)
          text += post_text("/ingest/r", std::to_string(n * requests + sent));
        const std::size_t cut = random() % 2 == 0 ? text.size() : random() % text.size();
        CHECK(client.send(text.substr(0, cut)));
        while (answered < sent - ahead && client.receive().status == 200) ++answered;
        CHECK(client.send(text.substr(cut)));
      }
      while (answered < requests && client.receive().status == 200) ++answered;
      CHECK(answered == requests);
    });
  for (std::thread& thread : threads) thread.join();
  std::map<int, int> next;
  for (const std::string& value : harness.route.values()) {
    const int number = std::stoi(value);
    CHECK(number % requests == next[number / requests]++);
  }
  CHECK(harness.counts.count(200) == clients * requests);
}

}  // namespace
}  // namespace rebuf::daemon::ingest_test
