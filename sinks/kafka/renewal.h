// How long a producer that works is waited for, when another one is to take its place: the channels
// are paused until all that it holds is reported. While some of it is, that is only a matter of
// time: over a long way each of many partitions may take a round trip. Where nothing is (perhaps a
// partition has no leader), the others' messages shall not wait for that. No clock of its own. The
// poller's.
#pragma once

#include <chrono>
#include <cstddef>

#include "sinks/kafka/topics.h"

namespace rebuf::sinks::kafka {

class Renewal {
 public:
  [[nodiscard]] bool may_begin(Time now) const { return !under_way_ && now >= again_; }
  // `held`: the messages that the producer has, here and below.
  void begin(std::size_t held, Time now) {
    under_way_ = true;
    held_ = held;
    until_ = now + longest_silence;
  }
  [[nodiscard]] bool under_way() const { return under_way_; }
  // While it is under way: when gives_up() may have another answer.
  [[nodiscard]] Time until() const { return until_; }
  // While it is under way. True: not any more, messages go on, and it may begin again later.
  [[nodiscard]] bool gives_up(std::size_t held, Time now) {
    if (held < held_) until_ = now + longest_silence;
    held_ = held;
    if (now < until_) return false;
    under_way_ = false;
    again_ = now + pause;
    return true;
  }
  // The producer is gone.
  void done() { *this = {}; }

 private:
  static constexpr std::chrono::seconds longest_silence{2};
  static constexpr std::chrono::seconds pause{10};
  bool under_way_ = false;
  std::size_t held_ = 0;
  Time until_{};
  Time again_{};
};

}  // namespace rebuf::sinks::kafka
