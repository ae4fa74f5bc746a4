// The rows of contracts' "HTTP ingest": what is asked, and what is answered.
#include <doctest/doctest.h>

#include "harness.h"

namespace rebuf::daemon::ingest_test {
namespace {

constexpr const char* ndjson = "Content-Type: application/x-ndjson\r\n";
constexpr const char* json = "Content-Type: application/json\r\n";
const std::string id1 = "00000000000000000000000000000001";
const std::string id3 = "00000000000000000000000000000003";

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

void check_problem(const Response& response, int status, const std::string& code) {
  CHECK(response.status == status);
  CHECK(response.header("content-type") == "application/problem+json");
  CHECK(contains(response.body, "\"type\":\"about:blank\""));
  CHECK(contains(response.body, "\"code\":\"" + code + "\""));
  CHECK((response.header("retry-after").empty() == (status != 429 && status != 503)));
}

TEST_CASE("a delivered message is answered 200 with its id, partition and offset") {
  Harness harness;
  harness.route.answer = [](const Request&) {
    Answer answer;
    answer.delivered = 1;
    answer.partition = 0;
    answer.offset = 42;
    answer.first_id.bytes.back() = answer.last_id.bytes.back() = 1;
    return answer;
  };
  harness.start();
  const Response response = harness.connect().post("/ingest/r", "x");
  CHECK(response.status == 200);
  CHECK(response.body ==
        "{\"status\":\"delivered\",\"id\":\"" + id1 + "\",\"partition\":0,\"offset\":42}");
  CHECK(response.header("content-type") == "application/json");
  CHECK(response.header("rebuf-status") == "delivered");
  CHECK(response.header("rebuf-durable") == "true");
}

TEST_CASE("a buffered message is answered 202 and says whether it is durable") {
  for (const bool durable : {true, false}) {
    Harness harness;
    harness.route.answer = [&](const Request&) {
      Answer answer;
      answer.buffered = 1;
      answer.durable = durable;
      answer.first_id.bytes.back() = 1;
      return answer;
    };
    harness.start();
    const Response response = harness.connect().post("/ingest/r", "x");
    const std::string word = durable ? "true" : "false";
    CHECK(response.status == 202);
    std::string expected = R"({"status":"buffered","id":")";
    expected.append(id1).append(R"(","durable":)").append(word).append("}");
    CHECK(response.body == expected);
    CHECK(response.header("rebuf-status") == "buffered");
    CHECK(response.header("rebuf-durable") == word);
  }
}

TEST_CASE("a batch is answered with its count and first and last id") {
  Harness harness;
  harness.start();
  const Response response = harness.connect().post("/ingest/r", "a\nb\nc\n", ndjson);
  CHECK(response.status == 200);
  CHECK(response.body == "{\"status\":\"delivered\",\"count\":3,\"first_id\":\"" + id1 +
                             "\",\"last_id\":\"" + id3 + "\"}");
}

TEST_CASE("a batch of which some are delivered and some buffered is 202 with both numbers") {
  Harness harness;
  harness.route.answer = [](const Request&) {
    Answer answer;
    answer.delivered = 2;
    answer.buffered = 1;
    answer.durable = true;
    return answer;
  };
  harness.start();
  const Response response = harness.connect().post("/ingest/r/batch", "[1,2,3]", json);
  CHECK(response.status == 202);
  CHECK(contains(response.body, "\"status\":\"buffered\",\"count\":3"));
  CHECK(contains(response.body, "\"durable\":true,\"delivered\":2,\"buffered\":1}"));
}

TEST_CASE("a batch of which some were refused is partial and lists them") {
  Harness harness;
  harness.route.answer = [](const Request&) {
    Answer answer;
    answer.delivered = 2;
    answer.refused.push_back({1, sinks::Refusal::too_large, "\"big\""});
    return answer;
  };
  harness.start();
  const Response response = harness.connect().post("/ingest/r/batch", "[1,2,3]", json);
  CHECK(response.status == 200);
  CHECK(response.header("rebuf-status") == "partial");
  CHECK(response.body ==
        "{\"status\":\"partial\",\"delivered\":2,\"buffered\":0,\"refused\":1,\"errors\":[{"
        "\"index\":1,\"code\":\"too_large\",\"detail\":\"\\\"big\\\"\"}]}");
}

TEST_CASE("what a route refuses is a problem with its code, and with Retry-After when it passes") {
  Harness harness;
  Answer given;
  harness.route.answer = [&](const Request&) { return given; };
  harness.start();
  Client client = harness.connect();
  const auto answer = [&](AnswerCode code) {
    given = {};
    given.code = code;
    given.detail = "why";
    given.retry_after_s = 7;
    return client.post("/ingest/r", "x");
  };
  check_problem(answer(AnswerCode::buffer_full), 503, "buffer_full");
  check_problem(answer(AnswerCode::memory_full), 429, "memory_full");
  check_problem(answer(AnswerCode::stopping), 503, "stopping");
  check_problem(answer(AnswerCode::sink_down), 503, "sink_down");
  check_problem(answer(AnswerCode::log_failed), 503, "log_failed");
  check_problem(answer(AnswerCode::too_large), 422, "too_large");
  check_problem(answer(AnswerCode::unknown_topic), 422, "unknown_topic");
  check_problem(answer(AnswerCode::invalid), 422, "invalid");
  const Response response = answer(AnswerCode::outcome_unknown);
  check_problem(response, 503, "outcome_unknown");
  CHECK(response.header("retry-after") == "7");
  CHECK(contains(response.body, "\"title\":\"Service Unavailable\""));
  CHECK(contains(response.body, "\"detail\":\"why\""));
  CHECK(harness.counts.count(503) == 5);
  CHECK(harness.counts.count(422) == 3);
}

TEST_CASE("paths and methods that mean nothing are 404 and 405 with Allow") {
  Harness harness;
  harness.start();
  Client client = harness.connect();
  check_problem(client.post("/ingest/other", "x"), 404, "unknown_route");
  check_problem(client.request("GET", "/"), 404, "unknown_route");
  check_problem(client.post("/ingest/r%00x", "x"), 404, "unknown_route");
  const Response get = client.request("GET", "/ingest/r");
  check_problem(get, 405, "method_not_allowed");
  CHECK(get.header("allow") == "OPTIONS, POST");
  check_problem(client.request("PUT", "/ingest/r/batch", "[1]"), 405, "method_not_allowed");
  CHECK(client.request("HEAD", "/ingest/r").status == 405);
  const Response health = client.post("/healthz", "x");
  check_problem(health, 405, "method_not_allowed");
  CHECK(health.header("allow") == "GET, HEAD, OPTIONS");
  CHECK(harness.server->unrouted_counts().count(404) == 3);
  CHECK(harness.counts.count(405) == 3);
  CHECK(harness.route.offers() == 0);
}

TEST_CASE("OPTIONS says what is allowed") {
  Harness harness;
  harness.start();
  Client client = harness.connect();
  const Response route = client.request("OPTIONS", "/ingest/r");
  CHECK(route.status == 204);
  CHECK(route.header("allow") == "OPTIONS, POST");
  CHECK(client.request("OPTIONS", "*").header("allow") == "GET, HEAD, OPTIONS, POST");
  CHECK(client.request("OPTIONS", "/readyz").status == 204);
}

TEST_CASE("a query, an escaped path and an absolute path lead to the route") {
  Harness harness;
  harness.start();
  Client client = harness.connect();
  CHECK(client.post("/ingest/r?a=b", "x").status == 200);
  CHECK(client.post("/ingest/%72", "x").status == 200);
  CHECK(client.post("http://some.host:1/ingest/r", "x").status == 200);
}

TEST_CASE("health and readiness are served on the ingest port") {
  Harness harness;
  FakeRoute other("other");
  harness.routes.push_back({&other, nullptr, nullptr});
  harness.start();
  Client client = harness.connect();
  CHECK(client.request("GET", "/healthz").status == 200);
  CHECK(client.request("HEAD", "/healthz").status == 200);
  CHECK(client.request("GET", "/readyz").status == 200);
  CHECK(client.request("GET", "/readyz/r").status == 200);
  check_problem(client.request("GET", "/readyz/none"), 404, "unknown_route");

  harness.route.ready = {false, "the buffer is full"};
  check_problem(client.request("GET", "/readyz"), 503, "not_ready");
  CHECK(client.request("GET", "/readyz/other").status == 200);
  const Response one = client.request("GET", "/readyz/r");
  check_problem(one, 503, "not_ready");
  CHECK(contains(one.body, "the buffer is full"));
  other.ready = {false, "its log failed"};
  CHECK(contains(client.request("GET", "/readyz").body, "its log failed"));

  other.progress = false;
  check_problem(client.request("GET", "/healthz"), 503, "no_progress");
}

TEST_CASE("a coded body is 415 with the codings that are taken") {
  Harness harness;
  harness.start();
  Client client = harness.connect();
  const Response response = client.post("/ingest/r", "x", "Content-Encoding: gzip\r\n");
  check_problem(response, 415, "unsupported_encoding");
  CHECK(response.header("accept-encoding") == "identity");
  CHECK(client.post("/ingest/r", "x", "Content-Encoding: Identity\r\n").status == 200);
}

TEST_CASE("a batch of another type is 415") {
  Harness harness;
  harness.start();
  Client client = harness.connect();
  const Response response = client.post("/ingest/r/batch", "[1]", "Content-Type: text/plain\r\n");
  check_problem(response, 415, "unsupported_type");
  CHECK(response.header("accept") == "application/json");
  CHECK(client.post("/ingest/r/batch", "[1]", "Content-Type: Application/JSON ; charset=utf-8\r\n")
            .status == 200);
  CHECK(client.post("/ingest/r/batch", "[1]").status == 200);
}

TEST_CASE("a malformed batch is refused whole, with the index of the element at fault") {
  Harness harness;
  harness.start();
  Client client = harness.connect();
  const Response response = client.post("/ingest/r/batch", "[1,2,x]", json);
  check_problem(response, 400, "malformed");
  CHECK(contains(response.body, "\"index\":2"));
  check_problem(client.post("/ingest/r/batch", "[]", json), 400, "malformed");
  check_problem(client.post("/ingest/r", "\n\n", ndjson), 400, "malformed");
  CHECK(harness.route.offers() == 0);
  CHECK(client.post("/ingest/r", "x").status == 200);
}

TEST_CASE("Expect: 100-continue is answered before the body, and a refusal instead of it") {
  Harness harness;
  harness.start();
  Client client = harness.connect();
  REQUIRE(
      client.send("POST /ingest/r HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\n"
                  "Content-Length: 3\r\n\r\n"));
  CHECK(client.receive_exactly("HTTP/1.1 100 Continue\r\n\r\n"));
  REQUIRE(client.send("abc"));
  CHECK(client.receive().status == 200);
  CHECK(harness.route.values() == std::vector<std::string>{"abc"});

  Client refused = harness.connect();
  REQUIRE(
      refused.send("POST /ingest/none HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\n"
                   "Content-Length: 3\r\n\r\n"));
  check_problem(refused.receive(), 404, "unknown_route");
  CHECK(refused.ends());
}

TEST_CASE("HTTP/1.0 without keep-alive is answered and ended") {
  Harness harness;
  harness.start();
  Client client = harness.connect();
  REQUIRE(client.send("POST /ingest/r HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi"));
  CHECK(client.receive().status == 200);
  CHECK(client.ends());
}

}  // namespace
}  // namespace rebuf::daemon::ingest_test
