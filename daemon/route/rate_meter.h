// Messages a second, smoothed over about ten seconds. One owner.
#pragma once

#include <chrono>
#include <cmath>
#include <cstdint>

namespace rebuf::daemon {

class RateMeter {
 public:
  // `total` is a counter that only grows.
  void sample(std::uint64_t total, std::chrono::steady_clock::time_point now) {
    if (!started_) {
      started_ = true;
    } else {
      const double seconds = std::chrono::duration<double>(now - at_).count();
      if (seconds < 0.05) return;
      const double rate = static_cast<double>(total - total_) / seconds;
      const double weight = 1 - std::exp(-seconds / 4.0);
      per_second_ += weight * (rate - per_second_);
      if (per_second_ < 0.01) per_second_ = 0;
    }
    total_ = total;
    at_ = now;
  }
  [[nodiscard]] double per_second() const { return per_second_; }

 private:
  bool started_ = false;
  std::uint64_t total_ = 0;
  std::chrono::steady_clock::time_point at_{};
  double per_second_ = 0;
};

}  // namespace rebuf::daemon
