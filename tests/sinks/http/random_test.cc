// Thousands of messages on two channels through an endpoint with every kind of fault, recalled at
// random: nothing is lost, the order is kept, and what comes twice might have come twice.
#include <algorithm>
#include <cstdlib>
#include <random>
#include <utility>

#include "endpoint.h"

namespace rebuf::sinks::test {
namespace {

constexpr std::size_t messages_per_channel = 3000;
constexpr int poison_every = 700;

// "a:17", with "!" behind it for a poisoned one.
std::string value_of(char channel, std::size_t index) {
  std::string value = std::string(1, channel) + ":" + std::to_string(index);
  if (index % poison_every == poison_every - 1) value += '!';
  return value;
}

// The endpoint: takes batches or not, answers or not.
class Faulty {
 public:
  explicit Faulty(std::uint64_t seed)
      : random_(seed), server([this](Peer& peer, std::size_t) { serve(peer); }) {}

  // Of what was taken, in order.
  [[nodiscard]] std::vector<std::string> taken() {
    const std::lock_guard lock(mutex_);
    return taken_;
  }
  // How often a line was taken without the sink being sure to know it.
  [[nodiscard]] std::map<std::string, int> unanswered() {
    const std::lock_guard lock(mutex_);
    return unanswered_;
  }

 private:
  void serve(Peer& peer) {
    std::string head;
    std::string body;
    std::string answered;  // the body before, if it was taken
    while (peer.read_request(head, body)) {
      know(std::exchange(answered, {}));
      if (body.find('!') != std::string::npos && draw(2) == 0) {
        peer.answer(422);
        continue;
      }
      if (!respond(peer, body, answered)) return;
    }
  }

  // False: the connection is done with. `answered` becomes a body whose sender will know that it
  // was taken once he asks for more.
  bool respond(Peer& peer, const std::string& body, std::string& answered) {
    const bool poisoned = body.find('!') != std::string::npos;
    switch (draw(16)) {
      case 0:
        peer.answer(503);
        return true;
      case 1:
        peer.answer(429, "Retry-After: 0\r\n");
        return true;
      case 2:
        peer.answer(500);
        return true;
      case 3:
        peer.reset();
        return false;
      case 4:
        if (hangs_-- > 0) peer.hang();
        return false;
      case 5:
        if (poisoned) return false;
        take(body);
        peer.reset();
        return false;
      case 6:
        if (poisoned) return false;
        take(body);
        peer.write("HTTP/1.1 200 OK\r\nContent-Le");
        return false;
      case 7:
        if (poisoned) return false;
        take(body);
        peer.answer(504);
        return true;
      case 8:
        if (poisoned) return false;
        take(body);
        peer.answer(200, "Connection: close\r\n");
        return false;
      case 9:
        if (poisoned) return false;
        take(body);
        peer.answer(200);
        return false;  // without a word
      default:
        if (poisoned) {
          peer.answer(422);
        } else {
          take(body);
          answered = body;
          peer.answer(200);
        }
        return true;
    }
  }

  void take(const std::string& body) {
    const std::lock_guard lock(mutex_);
    for (const std::string& line : lines_of(body)) {
      taken_.push_back(line);
      ++unanswered_[line];
    }
  }
  void know(const std::string& body) {
    const std::lock_guard lock(mutex_);
    for (const std::string& line : lines_of(body)) --unanswered_[line];
  }
  std::uint64_t draw(std::uint64_t below) {
    const std::lock_guard lock(mutex_);
    return random_() % below;
  }

  std::mutex mutex_;
  std::mt19937_64 random_;
  std::vector<std::string> taken_;
  std::map<std::string, int> unanswered_;
  std::atomic<int> hangs_ = 2;

 public:
  RawServer server;
};

// A route: submits its messages in order, again from the first that came back, until all are done.
class Route final : public ChannelListener {
 public:
  Route(Sink& sink, char name) : name_(name), channel_(sink.attach({}, *this)) {
    for (std::size_t i = 0; i < messages_per_channel; ++i)
      items_.push_back({.value = value_of(name, i)});
  }

  void on_reports(std::span<const Report> reports) override {
    const std::lock_guard lock(mutex_);
    for (const Report& report : reports) {
      Item& item = items_[index_of_.at(report.token)];
      CHECK(item.held);
      item.held = false;
      item.done = report.outcome != Outcome::given_back;
      item.refused = report.outcome == Outcome::refused;
      if (report.maybe_delivered) ++item.maybe;
      --held_;
      done_ += item.done ? 1 : 0;
    }
    changed_.notify_all();
  }
  void on_health(const Health&) override {}
  void on_reopened() override {
    const std::lock_guard lock(mutex_);
    CHECK(held_ == 0);
    open_ = true;
    next_ = 0;
    changed_.notify_all();
  }

  // Submits what there is. The caller recalls, once in a while, when `random` says so.
  void run(std::mt19937_64 random) {
    std::size_t recall_at = random() % messages_per_channel;
    int recalls = 8;
    while (true) {
      const auto batch = next_batch();
      if (batch.empty()) return;
      const std::size_t took = channel_->submit(batch);
      const std::lock_guard lock(mutex_);
      for (std::size_t i = took; i < batch.size(); ++i) {
        items_[index_of_[batch[i].token]].held = false;
        --held_;
      }
      if (took < batch.size()) continue;
      if (done_ < recall_at || recalls == 0) continue;
      --recalls;
      recall_at = done_ + random() % (messages_per_channel / 4);
      open_ = false;
      channel_->recall();
    }
  }

  void check(const std::vector<std::string>& taken, std::map<std::string, int> unanswered) {
    std::map<std::string, int> times;
    std::vector<std::string> firsts;
    for (const std::string& line : taken)
      if (line[0] == name_ && times[line]++ == 0) firsts.push_back(line);
    std::vector<std::string> expected;
    for (const Item& item : items_) {
      CHECK(item.done);
      const bool poisoned = item.value.ends_with('!');
      CHECK(item.refused == poisoned);
      if (!poisoned) expected.push_back(item.value);
      CHECK(times[item.value] <= 1 + unanswered[item.value] + item.maybe);
    }
    CHECK(firsts == expected);
  }

 private:
  struct Item {
    std::string value;
    bool held = false;
    bool done = false;
    bool refused = false;
    int maybe = 0;  // given back as maybe delivered
  };

  // The next messages to submit, marked as held; empty when all are done.
  std::vector<OutMessage> next_batch() {
    std::unique_lock lock(mutex_);
    const bool met = changed_.wait_for(lock, patience, [&] {
      while (next_ < items_.size() && items_[next_].done) ++next_;
      return done_ == items_.size() || (open_ && held_ < 500 && next_ < items_.size());
    });
    REQUIRE_MESSAGE(met, "done ", done_, ", held ", held_, ", next ", next_);
    std::vector<OutMessage> batch;
    for (; done_ < items_.size() && next_ < items_.size() && batch.size() < 50; ++next_) {
      if (items_[next_].done) continue;
      OutMessage message;
      message.token = ++last_token_;
      message.id.bytes[15] = static_cast<std::uint8_t>(next_);
      message.value = items_[next_].value;
      index_of_[message.token] = next_;
      items_[next_].held = true;
      ++held_;
      batch.push_back(message);
    }
    return batch;
  }

  const char name_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Item> items_;
  std::map<Token, std::size_t> index_of_;
  Token last_token_ = 0;
  std::size_t next_ = 0;
  std::size_t held_ = 0;
  std::size_t done_ = 0;
  bool open_ = true;
  const std::unique_ptr<Channel> channel_;  // last: it stops before the rest goes
};

TEST_CASE("random faults: nothing lost, order kept, duplicates only where nobody could know") {
  const char* given = std::getenv("REBUF_TEST_SEED");
  const std::uint64_t first_seed = given != nullptr ? std::stoull(given) : 1;
  MESSAGE("to repeat: REBUF_TEST_SEED=", first_seed);
  for (std::uint64_t seed = first_seed; seed < first_seed + 3; ++seed) {
    CAPTURE(seed);
    Faulty endpoint(seed);
    auto settings = settings_for(endpoint.server.url());
    settings.batch_max_messages = 20;
    settings.timeout = seconds(1);
    settings.retry_min = milliseconds(1);
    settings.retry_max = milliseconds(4);
    const auto sink = make_http(settings);
    Route a(*sink, 'a');
    Route b(*sink, 'b');
    std::thread other([&] { b.run(std::mt19937_64(seed + 1)); });
    a.run(std::mt19937_64(seed));
    other.join();
    a.check(endpoint.taken(), endpoint.unanswered());
    b.check(endpoint.taken(), endpoint.unanswered());
  }
}

}  // namespace
}  // namespace rebuf::sinks::test
