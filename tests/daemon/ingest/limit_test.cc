// max_body, max_connections, idle_timeout.
#include <doctest/doctest.h>

#include "harness.h"

namespace rebuf::daemon::ingest_test {
namespace {

bool has_code(const Response& response, const std::string& code) {
  return response.body.find("\"code\":\"" + code + "\"") != std::string::npos;
}

TEST_CASE("a declared length over max_body is 413 before a byte of it came") {
  Harness harness;
  harness.http.max_body = 1000;
  harness.start();
  Client client = harness.connect();
  REQUIRE(client.send("POST /ingest/r HTTP/1.1\r\nHost: t\r\nContent-Length: 1000000\r\n\r\n"));
  const Response response = client.receive();
  CHECK(response.status == 413);
  CHECK(has_code(response, "too_large"));
  CHECK(harness.connect().post("/ingest/r", std::string(1000, 'x')).status == 200);
  CHECK(harness.connect().post("/ingest/r", std::string(1001, 'x')).status == 413);
}

TEST_CASE("a client that sends a body too large all the same reads its 413") {
  Harness harness;
  harness.http.max_body = 1000;
  harness.start();
  const std::string text = post_text("/ingest/r", std::string(20U << 20, 'x'));
  for (int round = 0; round < 5; ++round) {
    Client client = harness.connect();
    REQUIRE(client.send(text));
    CHECK(client.receive().status == 413);
  }
}

TEST_CASE("a chunked body over max_body is read to its end, then 413, and the connection goes on") {
  Harness harness;
  harness.http.max_body = 100'000;
  harness.start();
  Client client = harness.connect();
  std::string text = "POST /ingest/r HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 300; ++i) text += "3e8\r\n" + std::string(1000, 'x') + "\r\n";
  REQUIRE(client.send(text + "0\r\n\r\n"));
  const Response response = client.receive();
  CHECK(response.status == 413);
  CHECK(has_code(response, "too_large"));
  CHECK(eventually([&] { return harness.budget->used() == 0; }));
  CHECK(client.post("/ingest/r", "x").status == 200);
}

TEST_CASE("a short refused body does not end the connection") {
  Harness harness;
  harness.start();
  Client client = harness.connect();
  CHECK(client.post("/nowhere", std::string(10'000, 'x')).status == 404);
  CHECK(client.post("/ingest/r", "x").status == 200);
}

TEST_CASE("a connection over max_connections gets a 503 and is closed, and there is room again") {
  Harness harness;
  harness.http.max_connections = 3;
  harness.start();
  {
    std::vector<Client> clients;
    for (int i = 0; i < 3; ++i) {
      clients.push_back(harness.connect());
      REQUIRE(clients.back().post("/ingest/r", "x").status == 200);
    }
    Client surplus = harness.connect();
    const Response response = surplus.post("/ingest/r", "x");
    CHECK(response.status == 503);
    CHECK(has_code(response, "too_many_connections"));
    CHECK_FALSE(response.header("retry-after").empty());
    CHECK(surplus.ends());
    for (Client& client : clients) CHECK(client.post("/ingest/r", "x").status == 200);
  }
  CHECK(eventually([&] { return harness.server->open_connections() == 0; }));
  CHECK(harness.connect().post("/ingest/r", "x").status == 200);
}

TEST_CASE("a connection without a request ends after idle_timeout") {
  Harness harness;
  harness.http.idle_timeout = 3s;
  harness.start();
  Client fresh = harness.connect();
  Client used = harness.connect();
  REQUIRE(used.post("/ingest/r", "x").status == 200);
  CHECK(fresh.ends());
  CHECK(used.ends());
}

}  // namespace
}  // namespace rebuf::daemon::ingest_test
