// Clients that send slowly: a request has request_timeout from its first byte, however steadily
// bytes trickle in.
#include <doctest/doctest.h>

#include "harness.h"

namespace rebuf::daemon::ingest_test {
namespace {

// Sends `head` at once and then a byte every 20 ms, of `text` as far as it goes, until the server
// ends the connection; how long that took.
std::chrono::milliseconds trickle(Client& client, std::string_view head, std::string_view text) {
  const auto begin = std::chrono::steady_clock::now();
  REQUIRE(client.send(head));
  for (std::size_t at = 0; std::chrono::steady_clock::now() - begin < patience; ++at) {
    if (!client.send(at < text.size() ? text.substr(at, 1) : "x")) break;
    if (client.ends(20ms)) break;
  }
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                               begin);
}

struct Slow : Harness {
  Slow() {
    http.request_timeout = 2s;
    start();
  }
  void check(Client& client, std::string_view head, std::string_view text = {}) {
    const auto took = trickle(client, head, text);
    CHECK(took >= http.request_timeout);
    CHECK(took < patience / 2);
    CHECK(route.offers() == 0);
  }
};

TEST_CASE("a body that trickles is cut off") {
  Slow slow;
  Client client = slow.connect();
  slow.check(client, "POST /ingest/r HTTP/1.1\r\nHost: t\r\nContent-Length: 10000\r\n\r\n");
}

TEST_CASE("a chunked body that trickles is cut off") {
  Slow slow;
  Client client = slow.connect();
  slow.check(client, "POST /ingest/r HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n");
}

TEST_CASE("header fields that trickle are cut off") {
  Slow slow;
  Client client = slow.connect();
  slow.check(client, "", "POST /ingest/r HTTP/1.1\r\nX: ");
}

TEST_CASE("a request line that trickles is cut off, on a fresh and on a used connection") {
  Slow slow;
  Client fresh = slow.connect();
  slow.check(fresh, "");
  Client used = slow.connect();
  REQUIRE(used.request("GET", "/healthz").status == 200);
  slow.check(used, "");
}

TEST_CASE("a used connection may be idle for longer than request_timeout") {
  Slow slow;
  Client client = slow.connect();
  REQUIRE(client.post("/ingest/r", "x").status == 200);
  CHECK_FALSE(client.ends(2500ms));
  CHECK(client.post("/ingest/r", "x").status == 200);
}

TEST_CASE("the route's deadline is request_timeout after the first byte") {
  Harness harness;
  harness.http.request_timeout = 60s;
  harness.start();
  const auto before = std::chrono::steady_clock::now();
  REQUIRE(harness.connect().post("/ingest/r", "x").status == 200);
  const auto after = std::chrono::steady_clock::now();
  CHECK(harness.route.last_deadline() >= before + 60s);
  CHECK(harness.route.last_deadline() <= after + 60s);
}

}  // namespace
}  // namespace rebuf::daemon::ingest_test
