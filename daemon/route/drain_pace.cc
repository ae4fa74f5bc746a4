#include "daemon/route/drain_pace.h"

#include <algorithm>

namespace rebuf::daemon {
namespace {

constexpr double least = 16;
// Behind a halving, a whole window is that many round trips away.
constexpr double slow_steps = 64;
constexpr std::chrono::milliseconds shortest_measurement{100};
constexpr std::chrono::seconds memory{10};
// So many times the best latency, while less than the best rate divided by it comes back.
constexpr double slow = 2;

double seconds(std::chrono::steady_clock::duration time) {
  return std::chrono::duration<double>(time).count();
}

}  // namespace

void DrainPace::Seen::take_best_of(const Seen& other) {
  latency_s = std::min(latency_s, other.latency_s);
  rate = std::max(rate, other.rate);
}

void DrainPace::begin(std::size_t start, std::size_t most, Time now) {
  most_ = static_cast<double>(most);
  limit_ = std::min(static_cast<double>(start), most_);
  doubles_below_ = most_;
  recent_ = earlier_ = {};
  recent_since_ = now;
  measure_anew(now);
}

void DrainPace::measure_anew(Time now) {
  since_ = now;
  acknowledged_ = 0;
  round_trips_ = 0;
  latencies_s_ = 0;
  halved_ = false;
}

void DrainPace::acknowledged(Time submitted_at, Time now) {
  ++acknowledged_;
  if (submitted_at >= since_) {
    ++round_trips_;
    latencies_s_ += seconds(now - submitted_at);
  }
  if (limit_ < most_)
    limit_ = std::min(most_, limit_ + (limit_ < doubles_below_ ? 1 : most_ / slow_steps / limit_));
}

void DrainPace::judge(Time now) {
  if (round_trips_ == 0 || now - since_ < shortest_measurement) return;
  Seen seen;
  seen.latency_s = latencies_s_ / static_cast<double>(round_trips_);
  seen.rate = static_cast<double>(acknowledged_) / seconds(now - since_);
  const Seen known = best(now);
  if (seen.latency_s > slow * known.latency_s && seen.rate < known.rate / slow) halve();
  recent_.take_best_of(seen);
  measure_anew(now);
}

void DrainPace::throttled() { halve(); }

void DrainPace::halve() {
  if (halved_) return;
  halved_ = true;
  if (limit_ > least) limit_ = std::max(least, limit_ / 2);
  doubles_below_ = limit_;
}

// What is too long ago is forgotten: the sink may have become another one.
DrainPace::Seen DrainPace::best(Time now) {
  if (now - recent_since_ >= memory) {
    earlier_ = now - recent_since_ < 2 * memory ? recent_ : Seen();
    recent_ = {};
    recent_since_ = now;
  }
  Seen known = recent_;
  known.take_best_of(earlier_);
  return known;
}

}  // namespace rebuf::daemon
