// Bytes on the wire: heads and bodies in pieces, requests behind each other, what is no HTTP,
// clients that read late or have nothing more to send.
#include <doctest/doctest.h>
#include <sys/resource.h>

#include <array>
#include <random>

#include "harness.h"

namespace rebuf::daemon::ingest_test {
namespace {

using Strings = std::vector<std::string>;

std::chrono::microseconds cpu_time() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto of = [](const timeval& time) {
    return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

TEST_CASE("requests cut anywhere are the same requests, with their keys and topics") {
  Harness harness;
  harness.route.settings.topics = {"t*"};
  harness.start();
  std::mt19937_64 random(seed_of_this_run("cut anywhere"));
  std::array<Client, 4> clients{harness.connect(), harness.connect(), harness.connect(),
                                harness.connect()};
  std::size_t count = 0;
  for (int round = 0; round < 100; ++round) {
    // Each round some requests to each connection, their pieces by turns, so that each is read
    // into memory that others have used since.
    struct Sending {
      std::string text;
      std::size_t sent = 0, requests = 0;
    };
    std::array<Sending, 4> all;
    for (Sending& sending : all)
      for (sending.requests = 0; sending.requests < 1 + random() % 3; ++sending.requests) {
        const std::string number = std::to_string(count++);
        std::string fields = "Rebuf-Key: key ";
        fields.append(number).append("\r\nRebuf-Topic: t").append(number).append("\r\n");
        sending.text += post_text("/ingest/r", "value " + number, fields);
        if (random() % 4 == 0) sending.text += "\r\n";
      }
    for (bool more = true; more;) {
      more = false;
      for (std::size_t i = 0; i < all.size(); ++i) {
        const std::string_view piece =
            std::string_view(all[i].text)
                .substr(all[i].sent, 1 + random() % (random() % 2 == 0 ? 60 : 400));
        REQUIRE(clients[i].send(piece));
        all[i].sent += piece.size();
        more = more || all[i].sent < all[i].text.size();
      }
    }
    for (std::size_t i = 0; i < all.size(); ++i)
      for (std::size_t n = 0; n < all[i].requests; ++n) REQUIRE(clients[i].receive().status == 200);
  }
  const std::vector<Taken> taken = harness.route.taken();
  REQUIRE(taken.size() == count);
  for (const Taken& message : taken) {
    const std::string number = message.topic.substr(1);
    CHECK(message.value == "value " + number);
    CHECK(message.key == "key " + number);
  }
}

TEST_CASE("requests that come byte by byte, each read alone") {
  Harness harness;
  harness.http.threads = 1;
  harness.start();
  Client client = harness.connect(), other = harness.connect();
  const std::string chunked =
      "POST /ingest/r HTTP/1.1\r\nTransfer-Encoding: chunked\r\nRebuf-Key: k\r\n\r\n"
      "3\r\nabc\r\n1;x\r\nd\r\n0\r\n\r\n";
  const std::string last_chunk_alone =
      "POST /ingest/r HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
  for (const std::string& text : {chunked, last_chunk_alone, post_text("/ingest/r", "xyz")}) {
    for (const char byte : text) {
      REQUIRE(client.send({&byte, 1}));
      // When this is answered, the thread has read what came before.
      REQUIRE(other.request("GET", "/healthz").status == 200);
    }
    CHECK(client.receive().status == 200);
  }
  CHECK(harness.route.values() == Strings{"abcd", "", "xyz"});
  CHECK(harness.route.taken().front().key == "k");
}

TEST_CASE("a request that waits for memory keeps its key while others come") {
  Harness harness;
  harness.memory = 10'000;
  harness.http.threads = 1;
  harness.route.mode = FakeRoute::Mode::held;
  harness.start();
  Client first = harness.connect(), second = harness.connect(), third = harness.connect();
  REQUIRE(first.send(post_text("/ingest/r", std::string(8'000, 'x'))));
  REQUIRE(harness.route.wait_held(1));
  REQUIRE(second.send(post_text("/ingest/r", std::string(7'000, 'y'), "Rebuf-Key: second\r\n")));
  CHECK(third.request("GET", "/healthz", {}, "X: " + std::string(7'000, 'z') + "\r\n").status ==
        200);
  harness.route.mode = FakeRoute::Mode::at_once;
  harness.route.answer_held();
  CHECK(first.receive().status == 200);
  CHECK(second.receive().status == 200);
  const std::vector<Taken> taken = harness.route.taken();
  REQUIRE(taken.size() == 2);
  CHECK(taken.back().key == "second");
  CHECK(taken.back().value == std::string(7'000, 'y'));
}

TEST_CASE("what is no HTTP is 400 and says why, is counted, and its connection ends") {
  Harness harness;
  harness.start();
  const std::string get = "GET /healthz HTTP/1.1\r\n", post = "POST /ingest/r HTTP/1.1\r\n";
  const std::string one = "Content-Length: 1\r\n", chunked = "Transfer-Encoding: chunked\r\n";
  const std::string end = "\r\n";
  const std::vector<std::string> malformed{
      // no request line
      "hello\r\n",
      "GET /healthz\r\n\r\n",
      "GET /healthz HTTP/2.0\r\n\r\n",
      "GET  /healthz HTTP/1.1\r\n\r\n",
      // no lines
      "GET /healthz HTTP/1.1\n",
      "GET /healthz HTTP/1.1\nHost: t\n\n",
      "GET /healthz HTTP/1.1\nHost: t\r\n\r\n",
      // no fields
      get + "no colon\r\n" + end,
      get + ": x\r\n" + end,
      get + "X : y\r\n" + end,
      // nobody knows where the body ends
      post + one + "Content-Length: 2\r\n" + end + "xy",
      post + one + one + end + "x",
      post + one + one + "Expect: 100-continue\r\n" + end,
      post + one + chunked + end + "0\r\n\r\n",
      post + chunked + one + end + "0\r\n\r\n",
      "POST /ingest/r HTTP/1.0\r\nConnection: keep-alive\r\n" + chunked + end + "0\r\n\r\n",
      post + "Transfer-Encoding: gzip\r\n" + end,
      post + "Transfer-Encoding: chunked, gzip\r\n" + end,
      // no chunks
      post + chunked + end + "x\r\n\r\n",
      post + chunked + end + "2\r\nabc\r\n0\r\n\r\n",
      post + chunked + end + "fffffffffffffffff\r\n",
  };
  for (const std::string& text : malformed) {
    CAPTURE(text);
    Client client = harness.connect();
    REQUIRE(client.send(text));
    const Response response = client.receive();
    CHECK(response.status == 400);
    CHECK(response.header("content-type") == "application/problem+json");
    CHECK(response.header("connection") == "close");
    CHECK(response.body.find("\"code\":\"malformed\"") != std::string::npos);
    CHECK(client.ends());
  }
  CHECK(harness.server->unrouted_counts().count(400) + harness.counts.count(400) ==
        malformed.size());
  CHECK(harness.route.offers() == 0);
  CHECK(eventually([&] { return harness.budget->used() == 0; }));
}

TEST_CASE("a head has 8 KiB: a longer one is 431, a longer request line 414") {
  Harness harness;
  harness.start();
  const std::string begin = "GET /healthz HTTP/1.1\r\nX: ", end = "\r\n\r\n";
  const auto answer_to = [&](const std::string& text) {
    Client client = harness.connect();
    REQUIRE(client.send(text));
    return client.receive().status;
  };
  const std::size_t room = 8192 - begin.size() - end.size();
  CHECK(answer_to(begin + std::string(room, 'x') + end) == 200);
  CHECK(answer_to(begin + std::string(room + 1, 'x') + end) == 431);
  CHECK(answer_to(begin + std::string(100'000, 'x')) == 431);
  CHECK(answer_to("GET /" + std::string(9'000, 'x') + " HTTP/1.1\r\n\r\n") == 414);
}

TEST_CASE("the line of a chunk and a trailer have 8 KiB, and are nobody's") {
  Harness harness;
  harness.start();
  const std::string head = "POST /ingest/r HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
  Client client = harness.connect();
  REQUIRE(client.send(head + "3;name=\"value\"\r\nabc\r\n0\r\nRebuf-Key: k\r\n\r\n"));
  CHECK(client.receive().status == 200);
  CHECK(harness.route.values() == Strings{"abc"});
  CHECK(harness.route.taken().front().key == std::nullopt);
  for (const std::string& text :
       {"3;x=" + std::string(100'000, 'y'), "0\r\nX: " + std::string(100'000, 'y')}) {
    Client endless = harness.connect();
    REQUIRE(endless.send(head + text));
    CHECK(endless.receive().status == 400);
    CHECK(endless.ends());
  }
  CHECK(harness.route.offers() == 1);
}

TEST_CASE("a client that reads late gets every answer") {
  Harness harness;
  harness.start();
  Client client = harness.connect();
  // Nobody takes their answers, so the server stops to read some time, and then the rest waits.
  const std::string request = "GET /readyz HTTP/1.1\r\n\r\n";
  std::string many;
  for (int i = 0; i < 1'000; ++i) many += request;
  std::size_t bytes = 0;
  auto before = cpu_time();
  for (std::size_t sent = 1; sent > 0; bytes += sent) {
    before = cpu_time();
    sent = client.send_some(std::string_view(many).substr(bytes % request.size()), 1s);
    REQUIRE(bytes < 256U << 20);
  }
  CHECK(cpu_time() - before < 500ms);  // of that second
  std::size_t answers = 0;
  for (; answers < bytes / request.size(); ++answers) REQUIRE(client.receive().status == 200);
  REQUIRE(client.send(request.substr(bytes % request.size())));
  CHECK(client.receive().status == 200);
}

TEST_CASE("a client that has ended its side is answered, then its connection ends") {
  Harness harness;
  harness.route.mode = FakeRoute::Mode::held;
  harness.start();
  Client client = harness.connect();
  REQUIRE(client.send(post_text("/ingest/r", "x")));
  client.end_sending();
  REQUIRE(harness.route.wait_held(1));
  harness.route.answer_held();
  CHECK(client.receive().status == 200);
  CHECK(client.ends());
  CHECK(eventually([&] { return harness.server->open_connections() == 0; }));
}

TEST_CASE("while a request is held nothing that its client does keeps a thread busy") {
  Harness harness;
  harness.route.mode = FakeRoute::Mode::held;
  harness.start();
  Client sends_more = harness.connect(), ends = harness.connect();
  std::optional<Client> goes(harness.connect());
  for (Client* client : {&sends_more, &ends, &*goes})
    REQUIRE(client->send(post_text("/ingest/r", "x")));
  REQUIRE(harness.route.wait_held(3));
  REQUIRE(sends_more.send(post_text("/ingest/r", "y")));
  ends.end_sending();
  goes->reset();
  goes.reset();
  const auto before = cpu_time();
  CHECK_FALSE(sends_more.ends(500ms));
  CHECK(cpu_time() - before < 250ms);
  harness.route.mode = FakeRoute::Mode::at_once;
  harness.route.answer_held();
  CHECK(sends_more.receive().status == 200);
  CHECK(sends_more.receive().status == 200);
  CHECK(ends.receive().status == 200);
  CHECK(eventually([&] { return harness.server->open_connections() == 1; }));
}

TEST_CASE("a HEAD is answered without a body, a 204 without a length, HTTP/1.0 may go on") {
  Harness harness;
  harness.start();
  Client client = harness.connect();
  const Response head = client.request("HEAD", "/healthz");
  CHECK(head.status == 200);
  CHECK(head.header("content-length") ==
        client.request("GET", "/healthz").header("content-length"));
  CHECK_FALSE(head.header("date").empty());
  const Response options = client.request("OPTIONS", "/healthz");
  CHECK(options.status == 204);
  CHECK(options.header("content-length").empty());
  REQUIRE(client.send("GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
  CHECK(client.receive().header("connection") == "keep-alive");
  REQUIRE(client.send("GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n"));
  CHECK(client.receive().header("connection") == "close");
  CHECK(client.ends());
  Client malformed = harness.connect();
  REQUIRE(malformed.send("HEAD /healthz HTTP/1.1\r\n\r\nhello\r\n"));
  CHECK(malformed.receive(true).status == 200);
  CHECK_FALSE(malformed.receive().body.empty());
}

TEST_CASE("who expects to be told to go on, and has no body, is only answered") {
  Harness harness;
  harness.start();
  Client client = harness.connect();
  CHECK(client.request("GET", "/healthz", {}, "Expect: 100-continue\r\n").status == 200);
  CHECK(client.post("/ingest/r", "", "Expect: 100-continue\r\n").status == 200);
  CHECK(client.post("/ingest/r", "x").status == 200);
}

TEST_CASE("a line end behind a body begins no request, even in two pieces") {
  Harness harness;
  harness.http.request_timeout = 1s;
  harness.start();
  Client client = harness.connect();
  REQUIRE(client.send(post_text("/ingest/r", "x") + "\r"));
  CHECK(client.receive().status == 200);
  REQUIRE(client.send("\n"));
  CHECK_FALSE(client.ends(2500ms));
  CHECK(client.post("/ingest/r", "x").status == 200);
}

}  // namespace
}  // namespace rebuf::daemon::ingest_test
