// What recall() and stop() give back, and how soon.
#include <algorithm>
#include <future>

#include "endpoint.h"

namespace rebuf::sinks::test {
namespace {

using std::chrono::steady_clock;

// Answers nothing, ever; tells when the first request is there.
class Hanging {
 public:
  explicit Hanging(bool read_requests = true)
      : server([this, read_requests](Peer& peer, std::size_t) {
          std::string head;
          std::string body;
          if (read_requests && !peer.read_request(head, body)) return;
          if (!told_.exchange(true)) arrived_.set_value();
          peer.hang();
        }) {}
  void wait_for_request() { REQUIRE(arrived_.get_future().wait_for(patience) == ready); }

 private:
  static constexpr auto ready = std::future_status::ready;
  std::promise<void> arrived_;
  std::atomic<bool> told_ = false;

 public:
  RawServer server;
};

TEST_CASE("recall cuts a hanging request and gives everything back, in two kinds") {
  Messages messages("t");
  messages.add_numbered(600);
  Messages more("t");
  more.add(1000, "more");
  Hanging hanging;
  Hook hook(settings_for(hanging.server.url()));
  hook.submit(messages);
  hanging.wait_for_request();
  const auto began = steady_clock::now();
  hook.channel->recall();
  hook.recorder.wait("reopened", [&] { return hook.recorder.reopened == 1; });
  CHECK(steady_clock::now() - began < patience / 2);
  CHECK(hook.recorder.count(Outcome::given_back) == 600);
  // The first 500 were sent.
  CHECK(hook.recorder.by_token[1].maybe_delivered);
  CHECK(hook.recorder.by_token[500].maybe_delivered);
  CHECK_FALSE(hook.recorder.by_token[501].maybe_delivered);
  CHECK(hook.recorder.health.empty());  // a cut says nothing about the sink
  CHECK(hook.channel->submit(more.list) == 1);
  CHECK(hook.sink->stats().held_messages == 1);
}

// Holds up the call that gives messages back.
class Slow final : public ChannelListener {
 public:
  void on_reports(std::span<const Report>) override {
    entered.set_value();
    leave.get_future().wait();
  }
  void on_health(const Health&) override {}
  void on_reopened() override { reopened.set_value(); }
  std::promise<void> entered;
  std::promise<void> leave;
  std::promise<void> reopened;
};

TEST_CASE("nothing is taken before the listener has heard of what came back") {
  Messages messages("t");
  messages.add_numbered(2);
  Hanging hanging;
  const auto sink = make_http(settings_for(hanging.server.url()));
  Slow slow;
  const auto channel = sink->attach({}, slow);
  REQUIRE(channel->submit(std::span(messages.list).first(1)) == 1);
  hanging.wait_for_request();
  channel->recall();
  slow.entered.get_future().wait();
  CHECK(channel->submit(std::span(messages.list).subspan(1)) == 0);
  slow.leave.set_value();
  slow.reopened.get_future().wait();
}

TEST_CASE("recall with nothing held reopens at once") {
  Endpoint endpoint([](const Seen&, httplib::Response&) {});
  Hook hook(settings_for(endpoint.url()));
  hook.channel->recall();
  hook.recorder.wait("reopened", [&] { return hook.recorder.reopened == 1; });
  CHECK(hook.recorder.by_token.empty());
}

TEST_CASE("what was answered 503 is given back as not delivered, a 504 as maybe") {
  for (const int status : {503, 504}) {
    Messages messages("t");
    messages.add(1, "x");
    Endpoint endpoint([&](const Seen&, httplib::Response& response) { response.status = status; });
    auto settings = settings_for(endpoint.url());
    settings.retry_min = settings.retry_max = std::chrono::minutes(10);
    Hook hook(settings);
    hook.submit(messages);
    static_cast<void>(hook.recorder.wait_down());
    hook.channel->recall();
    hook.recorder.wait("reopened", [&] { return hook.recorder.reopened == 1; });
    CHECK(hook.recorder.by_token[1].outcome == Outcome::given_back);
    CHECK(hook.recorder.by_token[1].maybe_delivered == (status == 504));
  }
}

TEST_CASE("stop lets what is held finish") {
  Messages messages("t");
  messages.add_numbered(2000);
  Endpoint endpoint([](const Seen&, httplib::Response&) {});
  Hook hook(settings_for(endpoint.url()));
  hook.submit(messages);
  hook.channel->stop(in(patience));
  CHECK(hook.recorder.count(Outcome::delivered) == 2000);
  CHECK(hook.channel->submit(messages.list) == 0);
  CHECK(hook.recorder.reopened == 0);
}

TEST_CASE("stop cuts at its deadline whatever hangs: an answer, a handshake, a connect") {
  // A listener whose queue is full: the kernel leaves further connects unanswered.
  int full_port = 0;
  const auto full = full_listener(full_port);
  Hanging answer;
  Hanging handshake(false);
  const std::string tls_url = "https" + handshake.server.url().substr(4);
  const std::string full_url = "http://127.0.0.1:" + std::to_string(full_port);
  for (const std::string& url : {answer.server.url(), tls_url, full_url}) {
    CAPTURE(url);
    Messages messages("t");
    messages.add_numbered(3);
    Hook hook(settings_for(url));
    hook.submit(messages);
    if (url == answer.server.url()) answer.wait_for_request();
    if (url == tls_url) handshake.wait_for_request();
    const auto began = steady_clock::now();
    hook.channel->stop(in(milliseconds(100)));
    CHECK(steady_clock::now() - began >= milliseconds(100));
    CHECK(steady_clock::now() - began < patience / 2);
    CHECK(hook.recorder.count(Outcome::given_back) == 3);
    CHECK(hook.recorder.by_token[1].maybe_delivered == (url == answer.server.url()));
    CHECK(hook.recorder.reopened == 0);
  }
}

TEST_CASE("stop does not wait longer than its deadline for a pause to end") {
  Messages messages("t");
  messages.add_numbered(3);
  const ClosedPort closed;
  auto settings = settings_for(closed.url());
  settings.retry_min = settings.retry_max = std::chrono::minutes(10);
  Hook hook(settings);
  hook.submit(messages);
  static_cast<void>(hook.recorder.wait_down());
  const auto began = steady_clock::now();
  hook.channel->stop(in(milliseconds(50)));
  CHECK(steady_clock::now() - began < patience / 2);
  CHECK(hook.recorder.count(Outcome::given_back) == 3);
  CHECK_FALSE(hook.recorder.by_token[1].maybe_delivered);
}

TEST_CASE("a handshake and a connect that hang are cut at the time-out") {
  int full_port = 0;
  const auto full = full_listener(full_port);
  Hanging handshake(false);
  const std::string tls_url = "https" + handshake.server.url().substr(4);
  for (const std::string& url : {tls_url, "http://127.0.0.1:" + std::to_string(full_port)}) {
    CAPTURE(url);
    Messages messages("t");
    messages.add(1, "x");
    auto settings = settings_for(url);
    settings.timeout = milliseconds(100);
    Hook hook(settings);
    hook.submit(messages);
    CHECK(hook.recorder.wait_down().error_class == "timeout");
    if (url == tls_url)
      hook.recorder.probe_until_up(*hook.channel);  // to connect is all that it asks
    else
      CHECK_FALSE(hook.recorder.probe(*hook.channel).up);
  }
}

TEST_CASE("a channel that stops leaves another one of the sink alone") {
  Messages stuck("a");
  stuck.add(1, "stuck");
  Messages fine("b");
  fine.add_numbered(100);
  std::atomic<int> stuck_seen = 0;
  Endpoint endpoint([&](const Seen& seen, httplib::Response& response) {
    if (seen.body != "stuck\n") return;
    ++stuck_seen;
    response.status = 500;
  });
  Hook hook(settings_for(endpoint.url()));
  Recorder other;
  const auto second = hook.sink->attach({.route = "b", .topic = "b"}, other);
  REQUIRE(hook.channel->submit(stuck.list) == 1);
  hook.recorder.wait("stuck", [&] { return stuck_seen > 0; });
  hook.channel->stop(in(milliseconds(0)));
  CHECK(hook.recorder.count(Outcome::given_back) == 1);
  REQUIRE(second->submit(fine.list) == 100);
  other.wait_reports(100);
  CHECK(other.count(Outcome::delivered) == 100);
  CHECK(other.reopened == 0);
}

}  // namespace
}  // namespace rebuf::sinks::test
