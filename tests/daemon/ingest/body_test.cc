// Bodies: their forms, sizes and the pieces in which they come.
#include <doctest/doctest.h>

#include <array>
#include <random>

#include "harness.h"

namespace rebuf::daemon::ingest_test {
namespace {

using Strings = std::vector<std::string>;
constexpr const char* ndjson = "Content-Type: application/x-ndjson\r\n";

std::string random_bytes(std::mt19937_64& random, std::size_t size) {
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random() & 0xFF);
  return bytes;
}

std::string chunked_text(const std::string& path, const std::string& headers,
                         const std::string& body, std::mt19937_64& random, std::size_t longest) {
  std::string text =
      "POST " + path + " HTTP/1.1\r\nHost: t\r\n" + headers + "Transfer-Encoding: chunked\r\n\r\n";
  std::size_t at = 0;
  while (at < body.size()) {
    const std::size_t size = std::min<std::size_t>(1 + random() % longest, body.size() - at);
    std::array<char, 20> head{};
    std::snprintf(head.data(), head.size(), "%zx\r\n", size);
    text += head.data() + body.substr(at, size) + "\r\n";
    at += size;
  }
  return text + "0\r\n\r\n";
}

TEST_CASE("any body is one message, bytes untouched, the empty one too") {
  Harness harness;
  harness.start();
  std::mt19937_64 random(seed_of_this_run("any body"));
  Client client = harness.connect();
  Strings bodies{"", std::string(1, '\0'), "a\nb\n", "[1,2]"};
  for (const std::size_t size : {1UL, 4095UL, 4096UL, 65536UL, 100'000UL, 8UL << 20})
    bodies.push_back(random_bytes(random, size));
  for (const std::string& body : bodies) REQUIRE(client.post("/ingest/r", body).status == 200);
  CHECK((harness.route.values() == bodies));
}

TEST_CASE("lines come by content type, whatever its case and parameters") {
  Harness harness;
  harness.start();
  Client client = harness.connect();
  REQUIRE(
      client.post("/ingest/r", "a\r\n\nb", "Content-Type: Application/X-NDJSON; x=y\r\n").status ==
      200);
  REQUIRE(client.post("/ingest/r", "c\nd", "Content-Type: application/x-ndjson-2\r\n").status ==
          200);
  CHECK(harness.route.values() == Strings{"a", "b", "c\nd"});
}

TEST_CASE("split of the route decides before the content type") {
  Harness harness;
  FakeRoute single("single"), lines("lines"), array("array");
  single.settings.split = config::Split::single;
  lines.settings.split = config::Split::lines;
  array.settings.split = config::Split::json_array;
  harness.routes = {
      {&single, nullptr, nullptr}, {&lines, nullptr, nullptr}, {&array, nullptr, nullptr}};
  harness.start();
  Client client = harness.connect();
  REQUIRE(client.post("/ingest/single", "a\nb", ndjson).status == 200);
  REQUIRE(client.post("/ingest/lines", "a\nb").status == 200);
  REQUIRE(client.post("/ingest/array", "[1, 2]", "Content-Type: text/plain\r\n").status == 200);
  CHECK(single.values() == Strings{"a\nb"});
  CHECK(lines.values() == Strings{"a", "b"});
  CHECK(array.values() == Strings{"1", "2"});
}

TEST_CASE("the elements of a posted array are taken byte for byte") {
  Harness harness;
  harness.start();
  REQUIRE(harness.connect()
              .post("/ingest/r/batch", "[1.0e5,{\"a\":1,\"a\":2} , \"\\u00e9\" ,[[]]]")
              .status == 200);
  CHECK(harness.route.values() == Strings{"1.0e5", "{\"a\":1,\"a\":2}", "\"\\u00e9\"", "[[]]"});
}

TEST_CASE("the same body gives the same messages in whatever pieces it comes") {
  Harness harness;
  harness.start();
  std::mt19937_64 random(seed_of_this_run("pieces"));
  Client client = harness.connect();
  std::size_t taken = 0;
  for (int round = 0; round < 60; ++round) {
    Strings expected(1 + random() % 200);
    std::string body = random() % 2 != 0 ? "\r\n" : "";
    for (std::string& line : expected) {
      line = random_bytes(random, 1 + random() % 300);
      for (char& c : line)
        if (c == '\n' || c == '\r') c = '.';
      body += line + (random() % 2 != 0 ? "\n" : "\r\n\n");
    }
    const bool chunked = random() % 2 != 0;
    const std::string text = chunked ? chunked_text("/ingest/r", ndjson, body, random, 2000)
                                     : post_text("/ingest/r", body, ndjson);
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t size = 1 + random() % (round % 3 == 0 ? 50 : 20'000);
      REQUIRE(client.send(std::string_view(text).substr(at, size)));
      at += size;
    }
    REQUIRE(client.receive().status == 200);
    const Strings values = harness.route.values();
    REQUIRE(
        (Strings(values.begin() + static_cast<std::ptrdiff_t>(taken), values.end()) == expected));
    taken = values.size();
  }
}

TEST_CASE("a chunked body of megabytes arrives whole") {
  Harness harness;
  harness.start();
  std::mt19937_64 random(seed_of_this_run("chunked"));
  const std::string body = random_bytes(random, 5U << 20);
  Client client = harness.connect();
  REQUIRE(client.send(chunked_text("/ingest/r", "", body, random, 30'000)));
  CHECK(client.receive().status == 200);
  CHECK((harness.route.values() == Strings{body}));
}

TEST_CASE("a body that ends before its length is never taken") {
  Harness harness;
  harness.start();
  {
    Client client = harness.connect();
    REQUIRE(client.send("POST /ingest/r HTTP/1.1\r\nHost: t\r\nContent-Length: 100\r\n\r\nabc"));
  }
  CHECK(eventually([&] { return harness.server->open_connections() == 0; }));
  CHECK(harness.route.offers() == 0);
  CHECK(eventually([&] { return harness.budget->used() == 0; }));
}

TEST_CASE("a length that is no number is refused") {
  Harness harness;
  harness.start();
  for (const char* length : {"-1", "abc", "1 2", "0x10", "99999999999999999999999"}) {
    Client client = harness.connect();
    REQUIRE(client.send("POST /ingest/r HTTP/1.1\r\nHost: t\r\nContent-Length: " +
                        std::string(length) + "\r\n\r\n"));
    const int status = client.receive().status;
    CHECK((status == 400 || status == 413));
  }
  CHECK(harness.route.offers() == 0);
}

}  // namespace
}  // namespace rebuf::daemon::ingest_test
