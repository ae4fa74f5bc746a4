// How many messages a draining route may have in its sink: few at first, twice as many with every
// round trip, half as many when the sink asks for a pause or slows down, and from then on slowly
// more. docs/route.md says why latency alone is no sign of a slow sink.
//
// Owned by the core, under the route's lock. No clock of its own.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace rebuf::daemon {

class DrainPace {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // A drain begins, or goes on without what was learned: with `start` messages, `most` at last.
  void begin(std::size_t start, std::size_t most, Time now);
  [[nodiscard]] std::size_t limit() const { return static_cast<std::size_t>(limit_); }
  // The sink, which held nothing, has something to do again.
  void resumed(Time now) { measure_anew(now); }
  // A message that was submitted then is acknowledged; judge() follows when all are told that come
  // at once.
  void acknowledged(Time submitted_at, Time now);
  void judge(Time now);
  void throttled();

 private:
  // Of the acknowledgements of some time.
  struct Seen {
    double latency_s = std::numeric_limits<double>::infinity();
    double rate = 0;  // messages a second
    void take_best_of(const Seen& other);
  };
  void measure_anew(Time now);
  void halve();
  [[nodiscard]] Seen best(Time now);

  double limit_ = 1;
  double most_ = 1;
  double doubles_below_ = 1;  // from there on it grows slowly
  // What is being measured: a tenth of a second, or a round trip when that is longer.
  Time since_{};
  std::uint64_t acknowledged_ = 0;
  std::uint64_t round_trips_ = 0;  // of these, submitted since then too
  double latencies_s_ = 0;         // of the round trips, together
  bool halved_ = false;            // once is enough for one measurement
  // The best of the last ten seconds or more.
  Seen recent_, earlier_;
  Time recent_since_{};
};

}  // namespace rebuf::daemon
