// When the next attempt may begin after failures: exponential back-off with jitter, and one attempt
// at a time until one succeeds. Time and randomness are arguments. Guarded by its owner.
#pragma once

#include <algorithm>
#include <chrono>
#include <random>

#include "sinks/dispatch/transport.h"

namespace rebuf::sinks::dispatch {

struct RetryRange {
  std::chrono::milliseconds min{500};
  std::chrono::milliseconds max{60'000};
};

using Random = std::mt19937_64;

class Gate {
 public:
  [[nodiscard]] bool open(Time now) const { return now >= not_before_ && !trial_; }
  // When it opens by itself; Time::max() while an attempt decides.
  [[nodiscard]] Time opens_at() const { return trial_ ? Time::max() : not_before_; }
  [[nodiscard]] bool failing() const { return failures_ > 0; }

  // An attempt begins. True: it is a trial, for which everything else waits; end_trial() after it.
  [[nodiscard]] bool begin() {
    trial_ = failing();
    return trial_;
  }
  void end_trial() { trial_ = false; }

  // The attempt that began at `started` succeeded. One from before the last failure says nothing.
  void works(Time started) {
    if (failing() && started < failed_at_) return;
    failures_ = 0;
    paused_ = false;
    not_before_ = {};
  }
  // The attempt that began at `started` failed. Of several that fail together only the first
  // counts. Returns the pause.
  std::chrono::milliseconds fail(Time started, Time now, const RetryRange& retry, Random& random) {
    if (failing() && started < failed_at_) return left(now);
    failed_at_ = now;
    constexpr int most_doublings = 30;
    failures_ = std::min(failures_ + 1, most_doublings);
    const auto longest = std::min(retry.max, retry.min * (1L << failures_));
    const auto shortest = std::max(retry.min, longest / 2);
    const auto spread = std::max<std::chrono::milliseconds::rep>((longest - shortest).count(), 0);
    const std::chrono::milliseconds pause(
        shortest.count() +
        std::uniform_int_distribution<std::chrono::milliseconds::rep>(0, spread)(random));
    not_before_ = now + pause;
    paused_ = false;
    return pause;
  }
  // The downstream named a pause itself.
  void pause_until(Time then) {
    not_before_ = then;
    paused_ = true;
  }
  // The next attempt need not wait, unless for a pause that was asked for. Whether the failures are
  // over is for it to show.
  void retry_now() {
    if (!paused_) not_before_ = {};
  }

 private:
  [[nodiscard]] std::chrono::milliseconds left(Time now) const {
    return std::max(std::chrono::milliseconds(0),
                    std::chrono::ceil<std::chrono::milliseconds>(not_before_ - now));
  }

  int failures_ = 0;
  Time failed_at_{};
  Time not_before_{};
  bool trial_ = false;   // an attempt is to show whether the failures are over
  bool paused_ = false;  // not_before_ was asked for
};

}  // namespace rebuf::sinks::dispatch
