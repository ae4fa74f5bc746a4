// Answers that the route's thread sends itself, for few requests are under way; answer_held() is
// that thread here.
#include <doctest/doctest.h>

#include <future>
#include <random>
#include <thread>
#include <utility>

#include "harness.h"

namespace rebuf::daemon::ingest_test {
namespace {

Answer delivered_one() {
  Answer answer;
  answer.delivered = 1;
  return answer;
}

// One connection thread, and a route "r" that holds what it is offered.
struct Held : Harness {
  Held() {
    http.threads = 1;
    route.mode = FakeRoute::Mode::held;
  }
  // Behind it the connection thread has done all that came before.
  void let_thread_pass() const { REQUIRE(connect().request("GET", "/healthz").status == 200); }
  void wait_parked(std::size_t count) {
    REQUIRE(route.wait_held(count));
    let_thread_pass();
  }
  void answer(std::size_t count) {
    wait_parked(count);
    route.answer_held();
  }
};

// The connection thread stands in a route "s", as long as this lives.
struct Busy : Held {
  Busy() {
    other.answer = [this](const Request&) {
      entered.set_value();
      goes_on.get_future().wait();
      return delivered_one();
    };
    routes.push_back({&other, nullptr, nullptr});
    start();
  }
  ~Busy() { let_go(); }
  // `count` clients with a request each, which are parked when this returns.
  std::vector<Client> clients(std::size_t count) {
    std::vector<Client> clients;
    for (std::size_t i = 0; i < count; ++i) {
      clients.push_back(connect());
      REQUIRE(clients.back().send(post_text("/ingest/r", "x")));
    }
    wait_parked(count);
    keeper = std::make_unique<Client>(port());
    REQUIRE(keeper->send(post_text("/ingest/s", "x")));
    entered.get_future().wait();
    return clients;
  }
  void let_go() {
    if (!std::exchange(goes, true)) goes_on.set_value();
  }

  FakeRoute other{"s"};
  std::promise<void> entered, goes_on;
  bool goes = false;
  std::unique_ptr<Client> keeper;
};

TEST_CASE("few answers do not wait for their connections' thread") {
  Busy harness;
  std::vector<Client> clients = harness.clients(15);  // and the one at "s": sixteen
  harness.route.answer_held();
  CHECK(harness.counts.count(200) == 15);
  for (Client& client : clients) CHECK(client.receive().status == 200);
  for (Client& client : clients) REQUIRE(client.send(post_text("/ingest/r", "next")));
  harness.let_go();
  harness.answer(15);
  for (Client& client : clients) CHECK(client.receive().status == 200);
}

TEST_CASE("many answers are their connections' thread's to send") {
  Busy harness;
  std::vector<Client> clients = harness.clients(16);
  harness.route.answer_held();
  CHECK(harness.counts.count(200) == 0);
  harness.let_go();
  for (Client& client : clients) CHECK(client.receive().status == 200);
}

TEST_CASE("so are those of buffered messages, and of refused ones") {
  for (const bool buffered : {true, false}) {
    Busy harness;
    harness.route.answer = [&](const Request&) {
      Answer answer;
      if (buffered)
        answer.buffered = 1;
      else
        answer.refused.push_back({0, sinks::Refusal::too_large, "too large"});
      return answer;
    };
    std::vector<Client> clients = harness.clients(1);
    harness.route.answer_held();
    CHECK(harness.counts.count(202) + harness.counts.count(200) == 0);
    harness.let_go();
    CHECK(clients.front().receive().status == (buffered ? 202 : 200));
  }
}

TEST_CASE("an answered request holds no memory, though its connection is idle") {
  Held harness;
  harness.start();
  Client client = harness.connect();
  REQUIRE(client.send(post_text("/ingest/r", std::string(1000, 'x'))));
  harness.wait_parked(1);
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
    harness.wait_parked(1);
    REQUIRE(client.send(whole.substr(cut / 2, cut - cut / 2)));
    if (cut % 2 == 0) harness.let_thread_pass();  // it watches the socket no longer
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

TEST_CASE("a client that reads late gets every answer of another thread") {
  Harness harness;
  harness.http.threads = 1;
  harness.route.mode = FakeRoute::Mode::other_thread;
  harness.start();
  Client client = harness.connect();
  const std::string request = post_text("/ingest/r", "x");
  std::string many;
  for (int i = 0; i < 1'000; ++i) many += request;
  std::size_t bytes = 0;
  for (std::size_t sent = 1; sent > 0; bytes += sent) {
    sent = client.send_some(std::string_view(many).substr(bytes % request.size()), 1s);
    REQUIRE(bytes < 256U << 20);
  }
  for (std::size_t i = 0; i < bytes / request.size(); ++i) REQUIRE(client.receive().status == 200);
  REQUIRE(client.send(request.substr(bytes % request.size())));
  CHECK(client.receive().status == 200);
  CHECK(client.post("/ingest/r", "x").status == 200);
}

TEST_CASE("an answer that is longer than the socket takes comes whole, and the next behind it") {
  Held harness;
  harness.route.answer = [](const Request&) {
    Answer answer;
    answer.code = AnswerCode::invalid;
    answer.detail.assign(8U << 20, 'x');
    return answer;
  };
  harness.start();
  Client client = harness.connect();
  for (int i = 0; i < 2; ++i) {
    REQUIRE(client.send(post_text("/ingest/r", "x")));
    harness.answer(1);  // nobody reads it yet
    const Response response = client.receive();
    CHECK(response.status == 422);
    CHECK(response.body.size() > 8U << 20);
  }
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
  harness.wait_parked(1);
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
    harness.wait_parked(1);
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
  // The number that is the message comes back as its offset.
  harness.route.answer = [](const Request& request) {
    auto& batch = const_cast<Request&>(request).batch;
    Answer answer = delivered_one();
    answer.partition = 0;
    answer.offset = std::stoll(std::string(decode(batch.envelope(0))->value));
    return answer;
  };
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
      const auto take_answers = [&](int until) {
        while (answered < until) {
          const std::string number = std::to_string(n * requests + answered);
          const std::string body = client.receive().body;
          if (body.find("\"offset\":" + number + "}") == std::string::npos) return;
          ++answered;
        }
      };
      for (int sent = 0; sent < requests;) {
        std::string text;
        const int ahead = 1 + static_cast<int>(random() % 3);
        for (int i = 0; i < ahead && sent < requests; ++i, ++sent)
          text += post_text("/ingest/r", std::to_string(n * requests + sent));
        const std::size_t cut = random() % 2 == 0 ? text.size() : random() % text.size();
        CHECK(client.send(text.substr(0, cut)));
        take_answers(sent - ahead);
        CHECK(client.send(text.substr(cut)));
      }
      take_answers(requests);
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
