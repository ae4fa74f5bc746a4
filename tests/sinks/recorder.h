// What a route hears from its channel, written down for a test, and messages to submit.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "sinks/sink.h"

namespace rebuf::sinks::test {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Heard {
  Outcome outcome = Outcome::delivered;
  Refusal refusal = Refusal::none;
  bool maybe_delivered = false;
  std::int32_t partition = -1;
  std::int64_t offset = -1;
  std::string detail;
};

struct HeardHealth {
  bool up = false;
  bool from_probe = false;
  std::string reason;
  std::string error_class;
  milliseconds throttled_for{0};
};

// For a machine that is busy with other things; only what hangs takes as long.
inline constexpr seconds patience{100};

// Any thread; the waiting functions fail the test at their deadline.
class Recorder final : public ChannelListener {
 public:
  void on_reports(std::span<const Report> reports) override {
    const std::lock_guard lock(mutex_);
    for (const Report& report : reports) {
      CHECK_MESSAGE(!by_token.contains(report.token), "reported twice: ", report.token);
      by_token[report.token] = {report.outcome,   report.refusal, report.maybe_delivered,
                                report.partition, report.offset,  std::string(report.detail)};
      order.push_back(report.token);
      ++counts[report.outcome];
    }
    changed_.notify_all();
  }
  void on_health(const Health& heard) override {
    const std::lock_guard lock(mutex_);
    health.push_back({heard.up, heard.from_probe, std::string(heard.reason),
                      std::string(heard.error_class), heard.throttled_for});
    changed_.notify_all();
  }
  void on_reopened() override {
    const std::lock_guard lock(mutex_);
    ++reopened;
    changed_.notify_all();
  }

  void wait(const char* what, const std::function<bool()>& condition, seconds limit = patience) {
    std::unique_lock lock(mutex_);
    const bool met = changed_.wait_for(lock, limit, condition);
    REQUIRE_MESSAGE(met, "waited for: ", std::string(what), "; delivered ",
                    counts[Outcome::delivered], ", refused ", counts[Outcome::refused],
                    ", given back ", counts[Outcome::given_back]);
  }
  void wait_reports(std::size_t count, seconds limit = patience) {
    wait(
        "reports", [&] { return by_token.size() >= count; }, limit);
  }
  // The first health that tells of trouble.
  HeardHealth wait_down() {
    const auto is_down = [](const HeardHealth& heard) { return !heard.up; };
    HeardHealth down;
    wait("down", [&] {
      const auto found = std::ranges::find_if(health, is_down);
      if (found == health.end()) return false;
      down = *found;
      return true;
    });
    return down;
  }
  // The next probe's answer is the last in `health`.
  HeardHealth probe(Channel& channel) {
    std::size_t before = 0;
    {
      const std::lock_guard lock(mutex_);
      before = health.size();
    }
    channel.probe();
    const auto answer = [&]() -> const HeardHealth* {
      for (std::size_t i = before; i < health.size(); ++i)
        if (health[i].from_probe) return &health[i];
      return nullptr;
    };
    wait("the probe's answer", [&] { return answer() != nullptr; });
    const std::lock_guard lock(mutex_);
    return *answer();
  }
  void probe_until_up(Channel& channel) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!probe(channel).up) REQUIRE(std::chrono::steady_clock::now() < deadline);
  }
  std::size_t count(Outcome outcome) {
    const std::lock_guard lock(mutex_);
    return counts[outcome];
  }

  // Read them when nothing is under way, or within wait().
  std::map<Token, Heard> by_token;
  std::vector<Token> order;
  std::map<Outcome, std::size_t> counts;
  std::vector<HeardHealth> health;
  int reopened = 0;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
};

// Before all messages' times. Of now: when a broker starts again, it forgets a producer whose last
// message is a day old by its time, and takes what that sends again for new.
inline const std::int64_t begun_ms =
    std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();

// Keeps the bytes of messages for as long as the sink may need them.
class Messages {
 public:
  explicit Messages(std::string topic) : topic_(std::move(topic)) {}

  OutMessage& add(Token token, std::string value) {
    OutMessage message;
    message.token = token;
    for (std::size_t i = 0; i < 8; ++i)
      message.id.bytes[15 - i] = static_cast<std::uint8_t>(token >> (8 * i));
    message.timestamp_ms = begun_ms + static_cast<std::int64_t>(token);
    message.topic = topic_;
    message.value = keep(std::move(value));
    return list.emplace_back(message);
  }
  // `count` messages "0", "1", … with tokens from 1 on, all with one key: one partition.
  void add_numbered(std::size_t count, std::size_t padding_bytes = 0) {
    const std::string padding(padding_bytes, '.');
    for (std::size_t i = 0; i < count; ++i)
      add(list.size() + 1, std::to_string(list.size()) + padding).key = "key";
  }
  std::string_view keep(std::string bytes) { return kept_.emplace_back(std::move(bytes)); }

  std::vector<OutMessage> list;

 private:
  const std::string topic_;
  std::deque<std::string> kept_;
};

inline std::chrono::steady_clock::time_point in(milliseconds time) {
  return std::chrono::steady_clock::now() + time;
}

}  // namespace rebuf::sinks::test
