// What arrives at the endpoint when all is well.
#include <zstd.h>

#include <algorithm>

#include "endpoint.h"

namespace rebuf::sinks::test {
namespace {

void accept(const Seen&, httplib::Response&) {}

std::string unzstd(const std::string& body) {
  std::string out(1U << 20, '\0');
  const std::size_t size = ZSTD_decompress(out.data(), out.size(), body.data(), body.size());
  REQUIRE(ZSTD_isError(size) == 0);
  out.resize(size);
  return out;
}

TEST_CASE("a single message is the body, and all that belongs to it is in the headers") {
  Messages messages("t");
  Endpoint endpoint(accept);
  auto settings = settings_for(endpoint.url("/in/a%20b?x=1&y=+"), HttpFormat::single);
  settings.headers = {{"Authorization", "Bearer s3cret"}, {"X-Site", "north"}};
  Hook hook(settings);
  std::string packed;
  pack_header(packed, "content-type", "text/plain");
  pack_header(packed, "traceparent", "00-abc-01");
  pack_header(packed, "authorization", "not the sink's");
  pack_header(packed, "content-length", "7");
  const std::string value("a value\nwith \0 anything", 23);
  OutMessage& message = messages.add(77, value);
  message.key = "key 1";
  message.headers = HeaderList(packed);
  message.replayed = true;
  hook.submit(messages);
  hook.recorder.wait_reports(1);
  CHECK(hook.recorder.count(Outcome::delivered) == 1);

  const Seen seen = endpoint.seen().at(0);
  CHECK(seen.body == value);
  CHECK(seen.target == "/in/a%20b?x=1&y=+");
  CHECK(seen.header("rebuf-id") == "0000000000000000000000000000004d");
  CHECK(seen.header("Idempotency-Key") == "0000000000000000000000000000004d");
  CHECK(seen.header("rebuf-replayed") == "1");
  CHECK(seen.header("Rebuf-Key") == "key 1");
  CHECK(seen.header("Rebuf-Topic") == "t");
  CHECK(seen.header("Rebuf-Timestamp") == std::to_string(messages.list[0].timestamp_ms));
  CHECK(seen.header("Content-Type") == "text/plain");
  CHECK(seen.headers.count("Content-Type") == 1);
  CHECK(seen.header("traceparent") == "00-abc-01");
  CHECK(seen.header("Authorization") == "Bearer s3cret");
  CHECK(seen.headers.count("Authorization") == 1);
  CHECK(seen.header("Rebuf-Header-authorization") == "not the sink's");
  CHECK(seen.header("Rebuf-Header-content-length") == "7");
  CHECK(seen.header("X-Site") == "north");
  CHECK(seen.header("User-Agent") == "rebufd");
}

TEST_CASE("an empty message is an empty body") {
  Messages messages("t");
  messages.add(1, "");
  Endpoint endpoint(accept);
  Hook hook(settings_for(endpoint.url(), HttpFormat::single));
  hook.submit(messages);
  hook.recorder.wait_reports(1);
  CHECK(endpoint.seen().at(0).header("Content-Length") == "0");
  CHECK(endpoint.seen().at(0).header("Content-Type") == "application/octet-stream");
}

TEST_CASE("a message that no HTTP header can describe is refused, the next one goes on") {
  Messages messages("t");
  messages.add(1, "bad").key = "two\r\nlines";
  messages.add(2, "good");
  Endpoint endpoint(accept);
  Hook hook(settings_for(endpoint.url(), HttpFormat::single));
  hook.submit(messages);
  hook.recorder.wait_reports(2);
  CHECK(hook.recorder.by_token[1].outcome == Outcome::refused);
  CHECK(hook.recorder.by_token[1].refusal == Refusal::invalid);
  CHECK(endpoint.bodies() == std::vector<std::string>{"good"});
}

TEST_CASE("ndjson: a line a message, as many as there are, in order, with their ids as ranges") {
  Messages messages("t");
  messages.add_numbered(1000);
  Endpoint endpoint(accept);
  Hook hook(settings_for(endpoint.url()));
  hook.submit(messages);
  hook.recorder.wait_reports(1000);
  CHECK(endpoint.bodies().size() == 2);
  std::size_t next = 0;
  for (const Seen& seen : endpoint.seen()) {
    CHECK(seen.header("Content-Type") == "application/x-ndjson");
    const auto lines = lines_of(seen.body);
    CHECK(lines.size() == 500);
    for (const std::string& line : lines) CHECK(line == std::to_string(next++));
  }
  CHECK(endpoint.seen().at(0).header("Rebuf-Ids") == "00000000000000000000000000000001+500");
  CHECK(endpoint.seen().at(1).header("Rebuf-Ids") == "000000000000000000000000000001f5+500");
}

TEST_CASE("json_array: the values as they are, as elements") {
  Messages messages("t");
  messages.add(1, R"({"a" : 1})");
  messages.add(2, "\n2 ");
  messages.add(3, R"("three")");
  Endpoint endpoint(accept);
  Hook hook(settings_for(endpoint.url(), HttpFormat::json_array));
  hook.submit(messages);
  hook.recorder.wait_reports(3);
  CHECK(endpoint.bodies() == std::vector<std::string>{"[{\"a\" : 1},\n2 ,\"three\"]"});
  CHECK(endpoint.seen().at(0).header("Content-Type") == "application/json");
}

TEST_CASE("a value that would break the batch's framing travels alone, in its place") {
  for (const HttpFormat format : {HttpFormat::ndjson, HttpFormat::json_array}) {
    Messages messages("t");
    const std::string breaker = format == HttpFormat::ndjson ? "two\nlines" : "{\"not\": JSON";
    for (const std::string& value : {std::string("1"), std::string("2"), breaker, std::string(""),
                                     std::string("3"), std::string("4")})
      messages.add(messages.list.size() + 1, value);
    Endpoint endpoint(accept);
    Hook hook(settings_for(endpoint.url(), format));
    hook.submit(messages);
    hook.recorder.wait_reports(6);
    CHECK(hook.recorder.count(Outcome::delivered) == 6);
    const bool lines = format == HttpFormat::ndjson;
    CHECK(endpoint.bodies() == std::vector<std::string>{lines ? "1\n2\n" : "[1,2]", breaker, "",
                                                        lines ? "3\n4\n" : "[3,4]"});
    CHECK(endpoint.seen().at(1).header("Content-Type") == "application/octet-stream");
    CHECK(endpoint.seen().at(1).header("Idempotency-Key") == "00000000000000000000000000000003");
    CHECK(endpoint.seen().at(1).header("Rebuf-Ids").empty());
  }
}

TEST_CASE(
    "a batch ends before max_bytes, where the replayed ones end, and a large value goes alone") {
  Messages messages("t");
  for (int i = 0; i < 4; ++i) messages.add(messages.list.size() + 1, std::string(40, 'a'));
  messages.add(5, std::string(500, 'b'));
  messages.add(6, "c").replayed = true;
  messages.add(7, "d");
  Endpoint endpoint(accept);
  auto settings = settings_for(endpoint.url());
  settings.batch_max_bytes = 100;
  Hook hook(settings);
  hook.submit(messages);
  hook.recorder.wait_reports(7);
  const std::string a = std::string(40, 'a') + "\n";
  CHECK(endpoint.bodies() ==
        std::vector<std::string>{a + a, a + a, std::string(500, 'b') + "\n", "c\n", "d\n"});
  CHECK(endpoint.seen().at(3).header("rebuf-replayed") == "1");
  CHECK(endpoint.seen().at(4).header("rebuf-replayed").empty());
}

TEST_CASE("a batch is cut where its id ranges would pass 4 KiB") {
  Messages messages("t");
  for (Token token = 1; token <= 300; ++token) {
    messages.add(token, std::to_string(token));
    messages.list.back().id.bytes[0] = static_cast<std::uint8_t>(token % 2);  // no two in a row
  }
  Endpoint endpoint(accept);
  Hook hook(settings_for(endpoint.url()));
  hook.submit(messages);
  hook.recorder.wait_reports(300);
  CHECK(endpoint.seen().size() == 3);
  std::string all;
  for (const Seen& seen : endpoint.seen()) {
    const std::string ids = seen.header("Rebuf-Ids");
    CHECK(ids.size() <= 4096);
    CHECK(std::ranges::count(ids, ',') + 1 == std::ranges::count(seen.body, '\n'));
    all += seen.body;
  }
  std::string expected;
  for (int i = 1; i <= 300; ++i) expected += std::to_string(i) + "\n";
  CHECK(all == expected);
}

TEST_CASE("one connection serves many requests") {
  Messages messages("t");
  messages.add_numbered(50);
  Endpoint endpoint(accept);
  Hook hook(settings_for(endpoint.url()));
  hook.submit_each(messages);
  CHECK(endpoint.seen().size() == 50);
  CHECK(endpoint.connections() == 1);
}

TEST_CASE("a body is compressed as asked, and says so") {
  for (const HttpCompression compression : {HttpCompression::gzip, HttpCompression::zstd}) {
    Messages messages("t");
    messages.add_numbered(500, 100);
    Endpoint endpoint(accept);
    auto settings = settings_for(endpoint.url());
    settings.compression = compression;
    Hook hook(settings);
    hook.submit(messages);
    hook.recorder.wait_reports(500);
    const Seen seen = endpoint.seen().at(0);
    const bool gzip = compression == HttpCompression::gzip;
    CHECK(seen.header("Content-Encoding") == (gzip ? "gzip" : "zstd"));
    CHECK(std::stoul(seen.header("Content-Length")) < 20'000);
    // The server has undone gzip itself.
    const auto lines = lines_of(gzip ? seen.body : unzstd(seen.body));
    CHECK(lines.size() == 500);
    CHECK(lines.at(499) == "499" + std::string(100, '.'));
  }
}

TEST_CASE("the method is the configured one") {
  Messages messages("t");
  messages.add(1, "x");
  RawServer server([](Peer& peer, std::size_t) {
    std::string head;
    std::string body;
    if (!peer.read_request(head, body)) return;
    peer.answer(head.starts_with("PUT /in HTTP/1.1\r\n") ? 200 : 400);
  });
  auto settings = settings_for(server.url());
  settings.method = "PUT";
  Hook hook(settings);
  hook.submit(messages);
  hook.recorder.wait_reports(1);
  CHECK(hook.recorder.count(Outcome::delivered) == 1);
}

}  // namespace
}  // namespace rebuf::sinks::test
