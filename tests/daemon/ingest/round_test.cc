// What is ready at the same time is offered to the routes together.
#include <doctest/doctest.h>

#include <atomic>
#include <future>

#include "harness.h"

namespace rebuf::daemon::ingest_test {
namespace {

TEST_CASE("requests that have come while a route takes others are offered together, each route's") {
  Harness harness;
  FakeRoute other("s");
  harness.routes = {{&harness.route, nullptr, nullptr}, {&other, nullptr, nullptr}};
  harness.http.threads = 1;
  std::promise<void> goes_on;
  std::atomic<bool> waits{false};
  const auto plain = harness.route.answer;
  harness.route.answer = [&, first = true](const Request& request) mutable {
    if (std::exchange(first, false)) {
      waits = true;
      goes_on.get_future().wait();
    }
    return plain(request);
  };
  harness.start();

  // Known to the one connection thread before it waits in the route.
  std::vector<Client> clients;
  for (int i = 0; i < 5; ++i) {
    clients.push_back(harness.connect());
    REQUIRE(clients.back().request("GET", "/healthz").status == 200);
  }
  Client first = harness.connect();
  REQUIRE(first.send(post_text("/ingest/r", "first")));
  REQUIRE(eventually([&] { return waits.load(); }));
  const std::vector<std::string> paths = {"r", "s", "r", "s", "r"};
  for (std::size_t i = 0; i < clients.size(); ++i)
    REQUIRE(clients[i].send(post_text("/ingest/" + paths[i], std::to_string(i))));
  goes_on.set_value();

  REQUIRE(first.receive().status == 200);
  for (Client& client : clients) CHECK(client.receive().status == 200);
  CHECK(harness.route.offered_together() == std::vector<std::size_t>{1, 3});
  CHECK(other.offered_together() == std::vector<std::size_t>{2});
}

TEST_CASE("a request waits for no other") {
  Harness harness;
  harness.http.threads = 1;
  harness.start();
  Client half = harness.connect();
  const std::string text = post_text("/ingest/r", "half");
  REQUIRE(half.send(text.substr(0, text.size() - 1)));
  Client whole = harness.connect();
  CHECK(whole.post("/ingest/r", "whole").status == 200);
  REQUIRE(half.send(text.substr(text.size() - 1)));
  CHECK(half.receive().status == 200);
  CHECK(harness.route.values() == std::vector<std::string>{"whole", "half"});
}

}  // namespace
}  // namespace rebuf::daemon::ingest_test
