// Idempotency-Key, through the real server.
#include <doctest/doctest.h>

#include "daemon/idempotency/key_gate.h"
#include "daemon/ingest/idempotency_key.h"
#include "harness.h"
#include "tests/daemon/route/faulty_disk.h"
#include "tests/support/temporary_directory.h"

namespace rebuf::daemon::ingest_test {
namespace {

std::string with_key(const std::string& key, const std::string& more = {}) {
  return "Idempotency-Key: " + key + "\r\n" + more;
}
constexpr const char* ndjson = "Content-Type: application/x-ndjson\r\n";

// One route with keys. Each request that reaches the route gets an id of its own.
struct Keyed : Harness {
  Keyed() {
    route.answer = [this](const Request& request) {
      Answer answer;
      answer.delivered = static_cast<std::uint32_t>(request.batch.size());
      answer.first_id.bytes.back() = answer.last_id.bytes.back() = ++ids;
      answer.offset = ids;
      answer.partition = 0;
      return answer;
    };
  }
  ~Keyed() {
    route.answer_held();
    if (server != nullptr) server->stop();
    server.reset();
  }
  void start_with_keys(FileSystem* disk = nullptr) {
    gate = std::make_unique<idempotency::KeyGate>(
        idempotency::KeyGateSettings{directory.path() / "idempotency", 10min, 1000, {}, disk},
        writer);
    routes.front().keys = gate.get();
    start();
  }

  const test::TemporaryDirectory directory;
  std::uint8_t ids = 0;
  idempotency::KeyWriter writer;
  std::unique_ptr<idempotency::KeyGate> gate;
};

bool has_code(const Response& response, const std::string& code) {
  return response.body.find("\"code\":\"" + code + "\"") != std::string::npos;
}

}  // namespace

TEST_CASE_FIXTURE(Keyed, "a repeat has the first's answer, byte for byte, and is not forwarded") {
  start_with_keys();
  Client client = connect();
  const Response first = client.post("/ingest/r", "x", with_key("\"order 17\""));
  const Response again = client.post("/ingest/r", "x", with_key("\"order 17\""));
  CHECK(first.status == 200);
  CHECK(again.status == 200);
  CHECK(again.body == first.body);
  CHECK(again.header("rebuf-status") == "delivered");
  CHECK(first.header("idempotent-replayed").empty());
  CHECK(again.header("idempotent-replayed") == "true");
  CHECK(route.offers() == 1);
  CHECK(gate->suppressed() == 1);
}

TEST_CASE_FIXTURE(Keyed, "a key is the same quoted and bare, and on every connection") {
  start_with_keys();
  CHECK(connect().post("/ingest/r", "x", with_key("abc")).status == 200);
  CHECK(connect().post("/ingest/r", "x", with_key("\"abc\"")).header("idempotent-replayed") ==
        "true");
  CHECK(route.offers() == 1);
}

TEST_CASE_FIXTURE(Keyed, "requests without a key are never repeats") {
  start_with_keys();
  Client client = connect();
  CHECK(client.post("/ingest/r", "x").status == 200);
  CHECK(client.post("/ingest/r", "x").status == 200);
  CHECK(route.offers() == 2);
}

TEST_CASE_FIXTURE(Keyed,
                  "a batch's repeat has its count and ids; the messages count as suppressed") {
  start_with_keys();
  Client client = connect();
  const std::string headers = with_key("batch", ndjson);
  const Response first = client.post("/ingest/r", "a\nb\nc\n", headers);
  const Response again = client.post("/ingest/r", "a\nb\nc\n", headers);
  CHECK(first.body.find("\"count\":3") != std::string::npos);
  CHECK(again.body == first.body);
  CHECK(gate->suppressed() == 3);
  CHECK(route.values().size() == 3);
}

TEST_CASE_FIXTURE(Keyed, "another body, message key, topic or form under the same key is 422") {
  route.settings.topics = {"*"};
  start_with_keys();
  Client client = connect();
  CHECK(client.post("/ingest/r", "[1]", with_key("k")).status == 200);
  const std::vector<std::pair<std::string, Response>> others{
      {"body", client.post("/ingest/r", "[2]", with_key("k"))},
      {"message key", client.post("/ingest/r", "[1]", with_key("k", "Rebuf-Key: m\r\n"))},
      {"empty message key", client.post("/ingest/r", "[1]", with_key("k", "Rebuf-Key:\r\n"))},
      {"topic", client.post("/ingest/r", "[1]", with_key("k", "Rebuf-Topic: t\r\n"))},
      {"lines", client.post("/ingest/r", "[1]", with_key("k", ndjson))},
      {"array", client.post("/ingest/r/batch", "[1]", with_key("k"))}};
  for (const auto& [what, response] : others) {
    CAPTURE(what);
    CHECK(response.status == 422);
    CHECK(has_code(response, "key_reused"));
  }
  CHECK(route.offers() == 1);
}

TEST_CASE_FIXTURE(Keyed, "a repeat may have another timestamp and other headers") {
  route.settings.forward_headers = {"traceparent"};
  start_with_keys();
  Client client = connect();
  const auto post = [&](const std::string& more) {
    return client.post("/ingest/r", "x", with_key("k", more));
  };
  CHECK(post("Rebuf-Timestamp: 1\r\ntraceparent: a\r\n").status == 200);
  CHECK(post("Rebuf-Timestamp: 2\r\ntraceparent: b\r\n").header("idempotent-replayed") == "true");
  CHECK(route.offers() == 1);
}

TEST_CASE_FIXTURE(Keyed, "the key itself does not travel with the message") {
  route.settings.forward_headers = {"*"};
  start_with_keys();
  CHECK(connect().post("/ingest/r", "x", with_key("k")).status == 200);
  CHECK(route.taken().at(0).headers.count("idempotency-key") == 0);
}

TEST_CASE_FIXTURE(Keyed, "while the first runs a repeat waits, and has the same answer") {
  route.mode = FakeRoute::Mode::held;
  start_with_keys();
  Client first = connect();
  std::vector<Client> repeats;
  REQUIRE(first.send(post_text("/ingest/r", "x", with_key("k"))));
  REQUIRE(route.wait_held(1));
  for (int i = 0; i < 3; ++i) {
    repeats.push_back(connect());
    REQUIRE(repeats.back().send(post_text("/ingest/r", "x", with_key("k"))));
    CHECK_FALSE(repeats.back().ends(50ms));
  }
  CHECK(route.offers() == 1);
  // The body of who waits is not kept.
  CHECK(eventually([&] { return budget->used() == 513; }));
  route.answer_held();
  const Response told = first.receive();
  CHECK(told.status == 200);
  for (Client& repeat : repeats) CHECK(repeat.receive().body == told.body);
  CHECK(route.offers() == 1);
}

TEST_CASE_FIXTURE(Keyed,
                  "the first client may be gone when the answer comes: a repeat still has it") {
  route.mode = FakeRoute::Mode::held;
  start_with_keys();
  {
    Client first = connect();
    REQUIRE(first.send(post_text("/ingest/r", "x", with_key("k"))));
    REQUIRE(route.wait_held(1));
  }
  route.answer_held();
  CHECK(connect().post("/ingest/r", "x", with_key("k")).header("idempotent-replayed") == "true");
  CHECK(route.offers() == 1);
}

TEST_CASE_FIXTURE(Keyed, "what kept nothing is not remembered: 503, 422 of the sink, 400") {
  start_with_keys();
  Client client = connect();
  const auto good = route.answer;
  for (const AnswerCode code : {AnswerCode::buffer_full, AnswerCode::too_large}) {
    route.answer = [&](const Request&) {
      Answer answer;
      answer.code = code;
      return answer;
    };
    CHECK(client.post("/ingest/r", "x", with_key("k")).status >= 400);
    CHECK(client.post("/ingest/r", "y", with_key("k")).status >= 400);
  }
  CHECK(route.offers() == 4);
  CHECK(client.post("/ingest/r/batch", "[1,", with_key("k")).status == 400);
  route.answer = good;
  CHECK(client.post("/ingest/r/batch", "[1,2]", with_key("k")).status == 200);
  CHECK(gate->suppressed() == 0);
}

TEST_CASE_FIXTURE(Keyed,
                  "a partial answer is repeated with its counts; its errors end at a hundred") {
  route.answer = [](const Request& request) {
    Answer answer;
    answer.delivered = 1;
    for (std::uint32_t i = 1; i < request.batch.size(); ++i)
      answer.refused.push_back({i, sinks::Refusal::too_large, "over the limit"});
    return answer;
  };
  start_with_keys();
  Client client = connect();
  std::string lines;
  for (int i = 0; i < 250; ++i) lines += "x\n";
  const Response first = client.post("/ingest/r", lines, with_key("k", ndjson));
  const Response again = client.post("/ingest/r", lines, with_key("k", ndjson));
  CHECK(first.header("rebuf-status") == "partial");
  CHECK(again.header("rebuf-status") == "partial");
  for (const Response& response : {first, again})
    CHECK(response.body.find("\"refused\":249") != std::string::npos);
  CHECK(first.body.find("\"index\":249") != std::string::npos);
  CHECK(again.body.find("\"index\":100,") != std::string::npos);
  CHECK(again.body.find("\"index\":101,") == std::string::npos);
}

TEST_CASE_FIXTURE(Keyed, "a repeat that waits is answered by its own deadline") {
  http.request_timeout = 2s;
  route.mode = FakeRoute::Mode::held;
  start_with_keys();
  Client first = connect();
  REQUIRE(first.send(post_text("/ingest/r", "x", with_key("k"))));
  REQUIRE(route.wait_held(1));
  const Response repeat = connect().post("/ingest/r", "x", with_key("k"));
  CHECK(repeat.status == 503);
  CHECK(has_code(repeat, "outcome_unknown"));
  CHECK_FALSE(repeat.header("retry-after").empty());
}

TEST_CASE("a lone client is answered by its deadline when its key cannot be written") {
  FaultyDisk disk;
  disk.hangs = true;
  Keyed keyed;
  keyed.http.request_timeout = 2s;
  keyed.start_with_keys(&disk);
  const Response response = keyed.connect().post("/ingest/r", "x", with_key("k"));
  CHECK(response.status == 200);
  disk.hangs = false;
  disk.hangs.notify_all();
}

TEST_CASE_FIXTURE(Keyed, "a stop answers the first and all who wait with it") {
  route.mode = FakeRoute::Mode::held;
  start_with_keys();
  Client first = connect();
  Client second = connect();
  REQUIRE(first.send(post_text("/ingest/r", "x", with_key("k"))));
  REQUIRE(route.wait_held(1));
  // Its body takes memory until it has come whole and waits.
  const std::string text = post_text("/ingest/r", "x", with_key("k"));
  REQUIRE(second.send(text.substr(0, text.size() - 1)));
  REQUIRE(eventually([&] { return budget->used() > 513; }));
  REQUIRE(second.send("x"));
  REQUIRE(eventually([&] { return budget->used() == 513; }));
  server->quiesce();
  route.answer_held();
  CHECK(first.receive().status == 200);
  CHECK(second.receive().status == 200);
  server->stop();
}

TEST_CASE_FIXTURE(Keyed, "a field that is no key is 400 and says what would be right") {
  start_with_keys();
  Client client = connect();
  for (const std::string& field :
       {std::string(), std::string("\"\""), std::string("\"abc"), std::string("ab\"c"),
        std::string("a b"), std::string("\"a\"b"), std::string("\"a\\b\""), std::string("\"a\\\""),
        std::string("caf\xc3\xa9"), std::string(256, 'k'), "\"" + std::string(256, 'k') + "\"",
        std::string("a, b")}) {
    CAPTURE(field);
    const Response response = client.post("/ingest/r", "x", with_key(field));
    CHECK(response.status == 400);
    CHECK(has_code(response, "malformed"));
    CHECK(response.body.find("Idempotency-Key") != std::string::npos);
    CHECK(response.body.find("1 to 255") != std::string::npos);
  }
  CHECK(client.post("/ingest/r", "x", with_key("a", with_key("b"))).status == 400);
  CHECK(route.offers() == 0);
  CHECK(client.post("/ingest/r", "x", with_key(std::string(255, 'k'))).status == 200);
}

TEST_CASE("quotes and backslashes within a quoted key are the key's") {
  CHECK(ingest::parse_idempotency_key(R"("a \"b\" \\ c")").key == R"(a "b" \ c)");
  CHECK(ingest::parse_idempotency_key("8e03978e-40d5-43dd-bc93-6894a57f9324").key ==
        "8e03978e-40d5-43dd-bc93-6894a57f9324");
}

TEST_CASE_FIXTURE(Harness, "a route without keys heeds none, but refuses what is no key") {
  start();
  Client client = connect();
  CHECK(client.post("/ingest/r", "x", with_key("k")).status == 200);
  CHECK(client.post("/ingest/r", "x", with_key("k")).status == 200);
  CHECK(client.post("/ingest/r", "x", with_key("\"k")).status == 400);
  CHECK(route.offers() == 2);
}

}  // namespace rebuf::daemon::ingest_test
