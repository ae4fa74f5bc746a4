// Connections that fail: they are waited out, in order.
#include <algorithm>

#include "endpoint.h"

namespace rebuf::sinks::test {
namespace {

// Takes every request: its lines, in order, each once.
class Log {
 public:
  void take(const std::string& body) {
    const std::lock_guard lock(mutex_);
    for (const std::string& line : lines_of(body))
      if (known_.insert(line).second) lines_.push_back(line);
  }
  [[nodiscard]] std::vector<std::string> lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }
  void serve(Peer& peer) {
    std::string head;
    std::string body;
    while (peer.read_request(head, body)) {
      take(body);
      peer.answer(200);
    }
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
  std::set<std::string> known_;
};

std::vector<std::string> numbers(int count) {
  std::vector<std::string> all(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) all[static_cast<std::size_t>(i)] = std::to_string(i);
  return all;
}

// The first connection's request meets with `mishap`; every later one is served. Submits 600
// messages, which must arrive in order; returns the first health.
HeardHealth first_trouble(const std::function<void(Peer&, const std::string& body)>& mishap,
                          milliseconds timeout = patience) {
  Messages messages("t");
  messages.add_numbered(600);
  Log log;
  RawServer server([&](Peer& peer, std::size_t number) {
    std::string head;
    std::string body;
    if (number > 0)
      log.serve(peer);
    else if (peer.read_request(head, body))
      mishap(peer, body);
  });
  auto settings = settings_for(server.url());
  settings.timeout = timeout;
  Hook hook(settings);
  hook.submit(messages);
  hook.recorder.wait_reports(600);
  CHECK(hook.recorder.count(Outcome::delivered) == 600);
  CHECK(log.lines() == numbers(600));
  REQUIRE_FALSE(hook.recorder.health.empty());
  return hook.recorder.health.front();
}

TEST_CASE("a request that hangs is cut at the time-out, and sent again before any later one") {
  const HeardHealth heard =
      first_trouble([](Peer& peer, const std::string&) { peer.hang(); }, seconds(1));
  CHECK_FALSE(heard.up);
  CHECK(heard.error_class == "timeout");
}

TEST_CASE("the time-out is the whole request's: a server that trickles its answer is cut too") {
  const HeardHealth heard = first_trouble(
      [](Peer& peer, const std::string&) {
        peer.write("HTTP/1.1 200 OK\r\nX: ");
        while (!peer.gone(milliseconds(20))) peer.write("x");
      },
      seconds(1));
  CHECK(heard.error_class == "timeout");
}

TEST_CASE("a reset instead of an answer is waited out") {
  CHECK(first_trouble([](Peer& peer, const std::string&) { peer.reset(); }).error_class == "reset");
}

TEST_CASE("half an answer is none") {
  CHECK(first_trouble([](Peer& peer, const std::string&) {
          peer.write("HTTP/1.1 200 OK\r\nX");
        }).error_class == "reset");
}

TEST_CASE("what is no HTTP is no answer") {
  CHECK(first_trouble([](Peer& peer, const std::string&) {
          peer.write("220 smtp ready\r\n");
        }).error_class == "reset");
}

TEST_CASE("the status counts, whatever becomes of the answer's body") {
  const std::vector<std::string> bodies{
      "Content-Length: 100\r\n\r\ncut off",
      "Content-Length: 900000\r\n\r\n" + std::string(900'000, 'x'),
      "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
  };
  for (const std::string& rest : bodies) {
    Messages messages("t");
    messages.add_numbered(3);
    std::atomic<int> requests = 0;
    RawServer server([&](Peer& peer, std::size_t) {
      std::string head;
      std::string body;
      if (!peer.read_request(head, body)) return;
      ++requests;
      peer.write("HTTP/1.1 200 OK\r\n" + rest);
    });
    Hook hook(settings_for(server.url()));
    hook.submit_each(messages);
    CHECK(hook.recorder.count(Outcome::delivered) == 3);
    CHECK(requests == 3);
    CHECK(hook.recorder.health.size() == 1);
  }
}

TEST_CASE("an answer that comes before the request is all written counts") {
  Messages messages("t");
  messages.add(1, std::string(20U << 20, 'x'));
  messages.add(2, "small");
  RawServer server([&](Peer& peer, std::size_t) {
    std::string head;
    std::string body;
    while (peer.read_head(head)) {
      if (head.find("Content-Length: 5\r\n") == std::string::npos) {
        peer.answer(413, "Connection: close\r\n");
        return;  // with most of the body unread: the kernel sends a reset
      }
      peer.answer(200);
      return;
    }
  });
  Hook hook(settings_for(server.url(), HttpFormat::single));
  hook.submit(messages);
  hook.recorder.wait_reports(2);
  CHECK(hook.recorder.by_token[1].outcome == Outcome::refused);
  CHECK(hook.recorder.by_token[1].refusal == Refusal::too_large);
  CHECK(hook.recorder.by_token[2].outcome == Outcome::delivered);
}

TEST_CASE("a connection that the server closed while idle costs nothing: no outage, no pause") {
  Messages messages("t");
  messages.add_numbered(20);
  Log log;
  RawServer server([&](Peer& peer, std::size_t) {
    std::string head;
    std::string body;
    if (!peer.read_request(head, body)) return;
    log.take(body);
    peer.answer(200);
    // Half of them close at the next request instead of before it.
    if (log.lines().size() % 2 == 0 && peer.read_head(head)) peer.reset();
  });
  auto settings = settings_for(server.url());
  settings.retry_min = std::chrono::minutes(10);
  settings.retry_max = std::chrono::minutes(10);
  Hook hook(settings);
  hook.submit_each(messages);
  CHECK(log.lines() == numbers(20));
  CHECK(hook.recorder.health.size() == 1);
  CHECK(hook.recorder.health[0].up);
}

TEST_CASE("nobody listens: down, and everything is held") {
  Messages messages("t");
  messages.add_numbered(100);
  const ClosedPort closed;
  Hook hook(settings_for(closed.url()));
  hook.submit(messages);
  hook.recorder.wait("three attempts", [&] { return hook.recorder.health.size() >= 3; });
  CHECK(hook.recorder.wait_down().error_class == "connect");
  CHECK(hook.sink->stats().held_messages == 100);
  CHECK_FALSE(hook.sink->stats().up);
  CHECK_FALSE(hook.sink->stats().last_error.empty());
}

TEST_CASE("a name that does not resolve is waited out") {
  Messages messages("t");
  messages.add(1, "x");
  Hook hook(settings_for("http://no-such-host.invalid/in"));
  hook.submit(messages);
  CHECK(hook.recorder.wait_down().error_class == "connect");
  CHECK(hook.recorder.count(Outcome::refused) == 0);
}

}  // namespace
}  // namespace rebuf::sinks::test
