// Rebuf-… fields, forwarded and added headers, topics.
#include <doctest/doctest.h>

#include "harness.h"

namespace rebuf::daemon::ingest_test {
namespace {

using Headers = std::multimap<std::string, std::string>;
using namespace std::string_literals;

TEST_CASE("key, topic, timestamp and headers of the request are the message's") {
  Harness harness;
  harness.route.settings.topics = {"plant-*"};
  harness.start();
  const Response response =
      harness.connect().post("/ingest/r", "v",
                             "Rebuf-Key: k 1 \r\nRebuf-Topic: plant-7\r\nRebuf-Timestamp: 123\r\n"
                             "Rebuf-Header-Unit-Name: m/s\r\nrebuf-header-b: \xc3\xa9\xff\r\n");
  REQUIRE(response.status == 200);
  const Taken message = harness.route.taken().at(0);
  CHECK(message.key == "k 1");
  CHECK(message.topic == "plant-7");
  CHECK(message.timestamp_ms == 123);
  CHECK(message.arrival_ms > 1'600'000'000'000);
  CHECK(message.headers == Headers{{"unit-name", "m/s"}, {"b", "\xc3\xa9\xff"}});
}

TEST_CASE("without them the key is null, the topic the route's and the timestamp the arrival") {
  Harness harness;
  harness.start();
  REQUIRE(harness.connect().post("/ingest/r", "v").status == 200);
  const Taken message = harness.route.taken().at(0);
  CHECK_FALSE(message.key);
  CHECK(message.topic == "r-topic");
  CHECK(message.timestamp_ms == message.arrival_ms);
  CHECK(message.headers.empty());
}

TEST_CASE("an empty key is not a null key") {
  Harness harness;
  harness.start();
  REQUIRE(harness.connect().post("/ingest/r", "v", "Rebuf-Key:\r\n").status == 200);
  CHECK(harness.route.taken().at(0).key == "");
}

TEST_CASE("all messages of a batch carry the request's key, topic, timestamp and headers") {
  Harness harness;
  harness.start();
  REQUIRE(harness.connect()
              .post("/ingest/r/batch", "[1,2]",
                    "Rebuf-Key: k\r\nRebuf-Topic: r-topic\r\nRebuf-Timestamp: 5\r\n"
                    "Rebuf-Header-A: b\r\n")
              .status == 200);
  for (const Taken& message : harness.route.taken()) {
    CHECK(message.key == "k");
    CHECK(message.timestamp_ms == 5);
    CHECK(message.headers == Headers{{"a", "b"}});
  }
}

TEST_CASE("named request headers are forwarded, others and the connection's own are not") {
  Harness harness;
  harness.route.settings.forward_headers = {"*"};
  harness.start();
  REQUIRE(harness.connect()
              .post("/ingest/r", "v",
                    "Content-Type: text/plain\r\nTraceParent: 00-1\r\nRebuf-Key: k\r\n"
                    "Authorization: Bearer secret\r\nCookie: a=b\r\nConnection: keep-alive\r\n")
              .status == 200);
  CHECK(harness.route.taken().at(0).headers ==
        Headers{{"content-type", "text/plain"}, {"traceparent", "00-1"}});
}

TEST_CASE("a credential is forwarded only when it is named") {
  Harness harness;
  harness.route.settings.forward_headers = {"x-*", "authorization"};
  harness.start();
  REQUIRE(
      harness.connect().post("/ingest/r", "v", "Authorization: A\r\nX-One: 1\r\nY: 2\r\n").status ==
      200);
  CHECK(harness.route.taken().at(0).headers == Headers{{"authorization", "A"}, {"x-one", "1"}});
}

TEST_CASE("of one header name Rebuf-Header wins over forwarded, forwarded over added") {
  Harness harness;
  harness.route.settings.forward_headers = {"a", "b"};
  harness.route.settings.add_headers = {{"a", "added"}, {"b", "added"}, {"c", "added"}};
  harness.start();
  REQUIRE(harness.connect()
              .post("/ingest/r", "v", "A: forwarded\r\nB: forwarded\r\nRebuf-Header-A: own\r\n")
              .status == 200);
  CHECK(harness.route.taken().at(0).headers ==
        Headers{{"a", "own"}, {"b", "forwarded"}, {"c", "added"}});
}

TEST_CASE("the content type of lines is not forwarded as that of one message") {
  Harness harness;
  harness.route.settings.forward_headers = {"content-type"};
  harness.start();
  Client client = harness.connect();
  REQUIRE(client.post("/ingest/r", "a\n", "Content-Type: application/x-ndjson\r\n").status == 200);
  REQUIRE(client.post("/ingest/r/batch", "[1]", "Content-Type: application/json\r\n").status ==
          200);
  CHECK(harness.route.taken().at(0).headers.empty());
  CHECK(harness.route.taken().at(1).headers == Headers{{"content-type", "application/json"}});
}

TEST_CASE("a topic that the route does not allow is 403") {
  Harness harness;
  harness.route.settings.topics = {"plant-*"};
  harness.start();
  const Response response = harness.connect().post("/ingest/r", "v", "Rebuf-Topic: secret\r\n");
  CHECK(response.status == 403);
  CHECK(response.body.find("\"code\":\"topic_not_allowed\"") != std::string::npos);
  CHECK(harness.route.offers() == 0);
}

TEST_CASE("fields that cannot be understood are 400 and nothing is taken") {
  Harness harness;
  harness.start();
  for (const std::string& fields : {"Rebuf-Timestamp: soon\r\n"s,
                                    "Rebuf-Timestamp: -1\r\n"s,
                                    "Rebuf-Timestamp: 1.5\r\n"s,
                                    "Rebuf-Timestamp:\r\n"s,
                                    "Rebuf-Timestamp: 99999999999999999999\r\n"s,
                                    "Rebuf-Timestamp: 1\r\nRebuf-Timestamp: 2\r\n"s,
                                    "Rebuf-Key: a\r\nRebuf-Key: b\r\n"s,
                                    "Rebuf-Topic:\r\n"s,
                                    "Rebuf-Topic: a\r\nRebuf-Topic: a\r\n"s,
                                    "Rebuf-Header-: x\r\n"s,
                                    "Rebuf-Header-a(b: x\r\n"s,
                                    "Rebuf-Header-Rebuf-Id: x\r\n"s,
                                    "Rebuf-Header-rebuf-replayed: 1\r\n"s,
                                    "Rebuf-Key: a\x01z\r\n"s,
                                    "Rebuf-Key: a\x7f\r\n"s,
                                    "Rebuf-Key: a\0b\r\n"s,
                                    "Rebuf-Key: a\0\0b\r\nX: y\r\n"s,
                                    "Rebuf-Key: a\rb\r\n"s,
                                    "Rebuf-Key: a\r\n folded\r\n"s,
                                    "Transfer-Encoding: chunked\r\n"s,
                                    "Content-Length: 1\r\n"s}) {
    CAPTURE(fields);
    Client client = harness.connect();
    CHECK(client.post("/ingest/r", "v", fields).status == 400);
  }
  CHECK(harness.route.offers() == 0);
}

}  // namespace
}  // namespace rebuf::daemon::ingest_test
