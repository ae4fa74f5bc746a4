// Several channels of one sink, and several requests at a time.
#include <algorithm>
#include <condition_variable>

#include "endpoint.h"

namespace rebuf::sinks::test {
namespace {

// Opens once, for all who wait.
class Latch {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  bool wait() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [this] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

TEST_CASE("channels are served in turn, each in its order") {
  Messages many("a");
  for (Token token = 1; token <= 500; ++token) many.add(token, "a" + std::to_string(token));
  Messages few("b");
  for (Token token = 1; token <= 10; ++token) few.add(token, "b" + std::to_string(token));
  Latch both_submitted;
  Endpoint endpoint([&](const Seen&, httplib::Response&) { CHECK(both_submitted.wait()); });
  Hook hook(settings_for(endpoint.url(), HttpFormat::single));
  Recorder other;
  const auto second = hook.sink->attach({.route = "b", .topic = "b"}, other);
  hook.submit(many);
  REQUIRE(second->submit(few.list) == 10);
  both_submitted.open();
  hook.recorder.wait_reports(500);
  other.wait_reports(10);
  std::vector<std::string> a;
  std::vector<std::string> b;
  std::size_t requests = 0;
  for (const std::string& body : endpoint.bodies()) {
    (body[0] == 'a' ? a : b).push_back(body);
    ++requests;
    if (b.size() == 10 && requests > 0) {
      CHECK(requests <= 22);
      requests = 0;
      b.push_back("counted");
    }
  }
  for (std::size_t i = 0; i < 500; ++i) CHECK(a[i] == "a" + std::to_string(i + 1));
  for (std::size_t i = 0; i < 10; ++i) CHECK(b[i] == "b" + std::to_string(i + 1));
}

TEST_CASE("a channel whose messages fail holds up no other, and hears alone of it") {
  Messages failing("a");
  failing.add_numbered(10);
  Messages fine("b");
  for (Token token = 1; token <= 50; ++token) fine.add(token, "fine");
  std::atomic<bool> healed = false;
  Endpoint endpoint([&](const Seen& seen, httplib::Response& response) {
    if (!healed && seen.body.find("fine") == std::string::npos) response.status = 500;
  });
  Hook hook(settings_for(endpoint.url()));
  Recorder other;
  const auto second = hook.sink->attach({.route = "b", .topic = "b"}, other);
  hook.submit(failing);
  static_cast<void>(hook.recorder.wait_down());
  for (const OutMessage& message : fine.list) {
    REQUIRE(second->submit({&message, 1}) == 1);
    other.wait("its report", [&] { return other.by_token.contains(message.token); });
  }
  for (const HeardHealth& heard : other.health) CHECK(heard.up);
  hook.recorder.wait("nothing but trouble", [&] {
    return hook.recorder.by_token.empty() &&
           std::ranges::none_of(hook.recorder.health, &HeardHealth::up);
  });
  healed = true;
  hook.recorder.wait_reports(10);
  CHECK(hook.recorder.health.back().up);
}

TEST_CASE("every channel hears that the endpoint is out of reach, and when it is back") {
  Messages messages("a");
  messages.add(1, "x");
  std::atomic<bool> healed = false;
  RawServer server([&](Peer& peer, std::size_t) {
    std::string head;
    std::string body;
    while (peer.read_request(head, body)) {
      if (!healed) return peer.reset();
      peer.answer(200);
    }
  });
  Hook hook(settings_for(server.url()));
  Recorder other;
  const auto second = hook.sink->attach({.route = "b", .topic = "b"}, other);
  hook.submit(messages);
  CHECK(other.wait_down().error_class == "reset");
  healed = true;
  other.wait("up", [&] { return other.health.back().up; });
  hook.recorder.wait_reports(1);
}

TEST_CASE("max_in_flight requests are under way at a time") {
  Messages messages("t");
  messages.add_numbered(64);
  std::mutex mutex;
  std::condition_variable changed;
  int inside = 0;
  Endpoint endpoint([&](const Seen&, httplib::Response&) {
    std::unique_lock lock(mutex);
    ++inside;
    changed.notify_all();
    CHECK(changed.wait_for(lock, patience, [&] { return inside >= 4; }));
  });
  auto settings = settings_for(endpoint.url(), HttpFormat::single);
  settings.max_in_flight = 4;
  Hook hook(settings);
  hook.submit(messages);
  hook.recorder.wait_reports(64);
  CHECK(hook.recorder.count(Outcome::delivered) == 64);
  CHECK(endpoint.connections() == 4);
}

TEST_CASE("while the endpoint fails, one request at a time finds out when that is over") {
  Messages messages("t");
  messages.add_numbered(200);
  std::atomic<int> inside = 0;
  std::atomic<int> requests = 0;
  std::atomic<int> most_inside = 0;
  RawServer server([&](Peer& peer, std::size_t) {
    std::string head;
    std::string body;
    while (peer.read_request(head, body)) {
      const int number = requests++;
      if (number < 4) {
        while (requests < 4) std::this_thread::yield();  // all under way when the first fails
        return peer.reset();
      }
      if (number < 20) {
        most_inside = std::max<int>(most_inside, ++inside);
        CHECK_FALSE(peer.gone(milliseconds(10)));  // time for a second one to come
        --inside;
        return peer.reset();
      }
      peer.answer(200);
    }
  });
  auto settings = settings_for(server.url(), HttpFormat::single);
  settings.max_in_flight = 4;
  Hook hook(settings);
  hook.submit(messages);
  hook.recorder.wait_reports(200);
  CHECK(most_inside == 1);
  CHECK(hook.recorder.count(Outcome::delivered) == 200);
}

TEST_CASE("with several requests under way, recall gives everything back too") {
  Messages messages("t");
  messages.add_numbered(20);
  std::atomic<int> requests = 0;
  RawServer server([&](Peer& peer, std::size_t) {
    std::string head;
    std::string body;
    if (!peer.read_request(head, body)) return;
    ++requests;
    peer.hang();
  });
  auto settings = settings_for(server.url(), HttpFormat::single);
  settings.max_in_flight = 4;
  Hook hook(settings);
  hook.submit(messages);
  while (requests < 4) std::this_thread::yield();
  hook.channel->recall();
  hook.recorder.wait("reopened", [&] { return hook.recorder.reopened == 1; });
  CHECK(hook.recorder.count(Outcome::given_back) == 20);
  std::size_t maybe = 0;
  for (const auto& [token, heard] : hook.recorder.by_token) maybe += heard.maybe_delivered ? 1 : 0;
  CHECK(maybe == 4);
}

}  // namespace
}  // namespace rebuf::sinks::test
