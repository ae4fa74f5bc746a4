// The simulated downstream, which keeps the promise of sinks/sink.h and no more: it takes what it
// holds in order within each partition, acknowledges when the schedule says so, refuses poison,
// gives everything back at a give-back. What it took outlives the daemon (in the Judge).
#pragma once

#include <array>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "sinks/sink.h"
#include "tests/daemon/route/sim/judge.h"
#include "tests/daemon/route/sim/random.h"

namespace rebuf::daemon::sim {

class SimSink {
 public:
  SimSink(Judge& judge, Random& random, std::size_t max_messages, std::uint64_t max_bytes)
      : judge_(judge), random_(random), max_messages_(max_messages), max_bytes_(max_bytes) {}

  [[nodiscard]] std::size_t submit(std::span<const sinks::OutMessage> messages);
  // Takes the first open message of the `nth` held one's partition. False: there is none.
  bool take(std::uint64_t nth);
  // Reports of up to `count` messages, in any order.
  [[nodiscard]] std::vector<sinks::Report> reports(std::size_t count);
  // The channel closes; everything held will be reported, then `reopen` is due.
  void give_back();
  [[nodiscard]] bool wants_reopen() const { return closed_ && held_.empty(); }
  void reopen() { closed_ = false; }
  // The daemon dies: some of what is held gets through all the same.
  void crash();
  // A new process attaches.
  void attach() {
    closed_ = false;
    last_token_ = 0;
    refused_.clear();
  }

  [[nodiscard]] bool closed() const { return closed_; }
  [[nodiscard]] std::size_t held() const { return held_.size(); }
  [[nodiscard]] std::uint64_t held_bytes() const;  // of values
  bool up = true;                                  // takes messages
  void make_poison(Number number) { poison_.insert(number); }
  void forgive() { poison_.clear(); }
  // What it refuses is tried again, alone, and taken some day.
  void expect_retries() { retries_ = true; }

 private:
  struct Held {
    sinks::Token token;
    Number number;
    std::string_view value;  // must stay valid until the report
    std::uint64_t bytes;
    std::optional<sinks::Outcome> outcome;  // not yet reported
    bool maybe = false;
  };
  Judge& judge_;
  Random& random_;
  const std::size_t max_messages_;
  const std::uint64_t max_bytes_;
  using MessageIdBytes = std::array<std::uint8_t, 16>;
  std::deque<Held> held_;
  sinks::Token last_token_ = 0;
  bool closed_ = false;
  std::set<Number> poison_;
  bool retries_ = false;
  std::set<Number> refused_;              // reported, and none of them delivered since
  std::map<Number, MessageIdBytes> ids_;  // of whatever was submitted
};

}  // namespace rebuf::daemon::sim
