// Many requests, many connections, answers from other threads.
#include <doctest/doctest.h>

#include <algorithm>
#include <mutex>
#include <thread>

#include "harness.h"

namespace rebuf::daemon::ingest_test {
namespace {

TEST_CASE("a thousand requests on one connection, answered from another thread, in order") {
  Harness harness;
  harness.route.mode = FakeRoute::Mode::other_thread;
  harness.start();
  Client client = harness.connect();
  for (int i = 0; i < 1000; ++i) REQUIRE(client.post("/ingest/r", std::to_string(i)).status == 200);
  const std::vector<std::string> values = harness.route.values();
  REQUIRE(values.size() == 1000);
  for (std::size_t i = 0; i < values.size(); ++i) CHECK(values[i] == std::to_string(i));
  CHECK(harness.counts.count(200) == 1000);
}

TEST_CASE("a thousand pipelined requests are answered in order") {
  for (const auto mode : {FakeRoute::Mode::at_once, FakeRoute::Mode::other_thread}) {
    Harness harness;
    harness.route.mode = mode;
    harness.start();
    Client client = harness.connect();
    std::string text;
    for (int i = 0; i < 1000; ++i) text += post_text("/ingest/r", std::to_string(i));
    std::thread sender([&] { CHECK(client.send(text)); });
    int answered = 0;
    while (answered < 1000 && client.receive().status == 200) ++answered;
    sender.join();
    CHECK(answered == 1000);
    const std::vector<std::string> values = harness.route.values();
    REQUIRE(values.size() == 1000);
    for (std::size_t i = 0; i < values.size(); ++i) CHECK(values[i] == std::to_string(i));
  }
}

TEST_CASE("sixteen connections are one thread's, the next sixteen another one's, more are spread") {
  std::mutex mutex;
  std::vector<std::thread::id> threads;  // of each request, one after the other
  Harness harness;
  harness.http.threads = 2;
  harness.route.answer = [&](const Request&) {
    const std::lock_guard lock(mutex);
    threads.push_back(std::this_thread::get_id());
    Answer answer;
    answer.delivered = 1;
    return answer;
  };
  harness.start();
  std::vector<Client> clients;
  // How many of the next ones go to the first one's thread.
  const auto with_the_first = [&](std::size_t next) {
    for (std::size_t i = 0; i < next; ++i) clients.push_back(harness.connect());
    for (std::size_t i = clients.size() - next; i < clients.size(); ++i)
      REQUIRE(clients[i].post("/ingest/r", "x").status == 200);
    const std::lock_guard lock(mutex);
    return std::count(threads.end() - static_cast<std::ptrdiff_t>(next), threads.end(),
                      threads.front());
  };
  CHECK(with_the_first(16) == 16);
  CHECK(with_the_first(16) == 0);
  CHECK(with_the_first(10) == 5);
  clients.erase(clients.begin(), clients.begin() + 8);
  REQUIRE(eventually([&] { return harness.server->open_connections() == 34; }));
  CHECK(with_the_first(8) == 8);
  CHECK(with_the_first(10) == 5);
}

// 256 is how many events a connection thread takes from the kernel at once.
TEST_CASE("connections in any number are all answered, round after round") {
  for (const std::size_t connections : {129UL, 255UL, 256UL, 257UL, 400UL}) {
    Harness harness;
    harness.http.threads = 1;
    harness.route.mode = FakeRoute::Mode::held;
    harness.start();
    std::vector<Client> clients;
    while (clients.size() < connections) {
      clients.push_back(harness.connect());
      REQUIRE(clients.back().connected());
    }
    for (int round = 0; round < 5; ++round) {
      for (Client& client : clients) REQUIRE(client.send(post_text("/ingest/r", "x")));
      REQUIRE(harness.route.wait_held(clients.size()));
      harness.route.answer_held();
      for (Client& client : clients) REQUIRE(client.receive().status == 200);
    }
    CHECK(harness.server->open_connections() == clients.size());
  }
}

TEST_CASE("clients that go away while their request waits do no harm") {
  Harness harness;
  harness.route.mode = FakeRoute::Mode::held;
  harness.start();
  {
    std::vector<Client> clients;
    for (int i = 0; i < 50; ++i) {
      clients.push_back(harness.connect());
      REQUIRE(clients.back().send(post_text("/ingest/r", "x")));
    }
    REQUIRE(harness.route.wait_held(50));
  }
  harness.route.answer_held();
  CHECK(eventually([&] { return harness.server->open_connections() == 0; }));
  CHECK(eventually([&] { return harness.budget->used() == 0; }));
}

TEST_CASE("many clients at once, each in its order") {
  constexpr int count = 24;  // more than one connection thread takes
  Harness harness;
  harness.http.threads = 2;
  harness.route.mode = FakeRoute::Mode::other_thread;
  harness.start();
  std::vector<Client> clients;
  for (int n = 0; n < count; ++n) clients.push_back(harness.connect());
  std::vector<std::thread> threads;
  threads.reserve(count);
  for (int n = 0; n < count; ++n)
    threads.emplace_back([&harness, &client = clients[static_cast<std::size_t>(n)], n] {
      for (int i = 0; i < 200; ++i)
        CHECK(client.post("/ingest/r", std::to_string(n * 1000 + i)).status == 200);
    });
  for (std::thread& thread : threads) thread.join();
  std::map<int, int> last;
  for (const std::string& value : harness.route.values()) {
    const int number = std::stoi(value);
    CHECK(number % 1000 == last[number / 1000]++);
  }
}

}  // namespace
}  // namespace rebuf::daemon::ingest_test
