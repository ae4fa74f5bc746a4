// limits.memory: charged before the body is read, waited for, given back.
#include <doctest/doctest.h>

#include <array>
#include <charconv>

#include "harness.h"

namespace rebuf::daemon::ingest_test {
namespace {

bool has_code(const Response& response, const std::string& code) {
  return response.body.find("\"code\":\"" + code + "\"") != std::string::npos;
}
constexpr const char* ndjson = "Content-Type: application/x-ndjson\r\n";

struct Small : Harness {
  explicit Small(std::uint64_t bytes) {
    memory = bytes;
    route.mode = FakeRoute::Mode::held;
    start();
  }
};

TEST_CASE("a message costs its body and 512 bytes until the route lets it go") {
  Small small(1U << 20);
  Client client = small.connect();
  REQUIRE(client.send(post_text("/ingest/r", std::string(1000, 'x'))));
  REQUIRE(small.route.wait_held(1));
  CHECK(eventually([&] { return small.budget->used() == 1512; }));
  small.route.answer_held();
  CHECK(client.receive().status == 200);
  CHECK(eventually([&] { return small.budget->used() == 0; }));
}

TEST_CASE("the body is charged before it comes") {
  Small small(1U << 20);
  Client client = small.connect();
  REQUIRE(client.send("POST /ingest/r HTTP/1.1\r\nHost: t\r\nContent-Length: 100000\r\n\r\n"));
  CHECK(eventually([&] { return small.budget->used() == 100'512; }));
}

TEST_CASE("every line of a batch costs 512 bytes, and long headers cost too") {
  Small small(1U << 20);
  Client client = small.connect();
  REQUIRE(client.send(post_text("/ingest/r", "a\nb\nc\n", ndjson)));
  REQUIRE(small.route.wait_held(1));
  CHECK(eventually([&] { return small.budget->used() == 6 + 3 * 512; }));
  small.route.answer_held();
  CHECK(client.receive().status == 200);
  REQUIRE(client.send(
      post_text("/ingest/r", "a\nb\n",
                std::string(ndjson) + "Rebuf-Key: " + std::string(1000, 'k') + "\r\n")));
  REQUIRE(small.route.wait_held(1));
  CHECK(small.budget->used() > 2 * 1256);
}

TEST_CASE("what can never fit is 413, by its length or by its lines") {
  Small small(10'000);
  Client client = small.connect();
  CHECK(client.post("/ingest/r", std::string(9'500, 'x')).status == 413);
  CHECK(has_code(client.post("/ingest/r",
                             "1\n2\n3\n4\n5\n6\n7\n8\n9\n1\n2\n3\n4\n5\n6\n7\n8\n9\n"
                             "1\n2\n3\n4\n5\n",
                             ndjson),
                 "too_large"));
  CHECK(small.route.offers() == 0);
}

// The room for a body of unknown length grows by doubling, but not beyond what it may ever have.
TEST_CASE("a chunked body that fits is taken, however near to the limit") {
  for (const std::uint64_t memory : {10'000U, 1'000'000U}) {
    Small small(memory);
    small.route.mode = FakeRoute::Mode::at_once;
    Client client = small.connect();
    const std::string piece(memory / 10, 'x');
    std::array<char, 16> size{};
    const auto end = std::to_chars(size.begin(), size.end(), piece.size(), 16).ptr;
    const std::string chunk = std::string(size.begin(), end) + "\r\n" + piece + "\r\n";
    std::string text = "POST /ingest/r HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (int i = 0; i < 9; ++i) text += chunk;
    REQUIRE(client.send(text + "0\r\n\r\n"));
    CHECK(client.receive().status == 200);
  }
}

TEST_CASE("a request that does not fit now waits until there is room") {
  Small small(10'000);
  Client first = small.connect(), second = small.connect();
  REQUIRE(first.send(post_text("/ingest/r", std::string(8'000, 'x'))));
  REQUIRE(small.route.wait_held(1));
  REQUIRE(second.send(post_text("/ingest/r", std::string(7'000, 'y'))));
  CHECK_FALSE(second.ends(100ms));
  small.route.answer_held();
  CHECK(first.receive().status == 200);
  REQUIRE(small.route.wait_held(1));
  small.route.answer_held();
  CHECK(second.receive().status == 200);
}

TEST_CASE("those that wait are served in their order, and nobody passes them") {
  Small small(10'000);
  Client first = small.connect();
  REQUIRE(first.send(post_text("/ingest/r", std::string(8'500, 'x'))));
  REQUIRE(small.route.wait_held(1));
  std::vector<Client> waiting;
  for (const char* body : {"A", "B", "C"}) {
    waiting.push_back(small.connect());
    // The small one at the end would fit at once.
    const std::size_t size = *body == 'C' ? 1 : 5'000;
    REQUIRE(waiting.back().send(post_text("/ingest/r", std::string(size, *body))));
    CHECK_FALSE(waiting.back().ends(50ms));
  }
  CHECK(small.route.offers() == 1);
  small.route.mode = FakeRoute::Mode::at_once;
  small.route.answer_held();
  for (Client& client : waiting) CHECK(client.receive().status == 200);
  CHECK(small.route.offers() == 4);
}

TEST_CASE("a request that waits for too long is 429 with Retry-After") {
  Small small(10'000);
  Client first = small.connect(), second = small.connect();
  REQUIRE(first.send(post_text("/ingest/r", std::string(9'000, 'x'))));
  REQUIRE(small.route.wait_held(1));
  const Response response = second.post("/ingest/r", std::string(5'000, 'x'));
  CHECK(response.status == 429);
  CHECK(has_code(response, "memory_full"));
  CHECK_FALSE(response.header("retry-after").empty());
  small.route.answer_held();
  CHECK(first.receive().status == 200);
}

TEST_CASE("lines that outgrow the memory there is now are 429") {
  Small small(10'000);
  Client first = small.connect(), second = small.connect();
  REQUIRE(first.send(post_text("/ingest/r", std::string(7'000, 'x'))));
  REQUIRE(small.route.wait_held(1));
  CHECK(second.post("/ingest/r", "1\n2\n3\n4\n5\n6\n7\n8\n", ndjson).status == 429);
  CHECK(eventually([&] { return small.budget->used() == 7'512; }));
}

}  // namespace
}  // namespace rebuf::daemon::ingest_test
