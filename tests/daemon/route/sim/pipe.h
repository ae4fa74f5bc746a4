// A simulated sink as a drain's pace sees it: it takes one message after the other at its rate, and
// acknowledges each some time later. It works at one rate, then at a fraction of it, then as
// before. Everything follows from the seed.
#pragma once

#include <chrono>
#include <deque>

#include "daemon/route/drain_pace.h"
#include "tests/daemon/route/sim/judge.h"
#include "tests/daemon/route/sim/random.h"

namespace rebuf::daemon::sim {

class Pipe {
 public:
  explicit Pipe(std::uint64_t seed);
  // Throws Violation.
  void run();

 private:
  using Time = DrainPace::Time;
  // There is always a backlog. How many messages were acknowledged.
  std::size_t drain_for(std::chrono::milliseconds time);
  void must_be_full(const char* when);

  Random random_;
  DrainPace pace_;
  const std::size_t most_;
  const double fast_;                        // messages a second
  const std::chrono::microseconds latency_;  // of an idle sink
  double rate_;
  struct Held {
    Time submitted, acknowledged;
  };
  std::deque<Held> held_;
  Time free_at_{};  // when it has taken everything that it holds
  Time now_{std::chrono::hours(1)};
};

}  // namespace rebuf::daemon::sim
