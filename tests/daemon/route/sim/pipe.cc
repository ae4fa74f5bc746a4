#include "tests/daemon/route/sim/pipe.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace rebuf::daemon::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t start = 256;
constexpr seconds long_enough{4};

}  // namespace

Pipe::Pipe(std::uint64_t seed)
    : random_(seed),
      most_(random_.between(300, 2000)),
      fast_(static_cast<double>(random_.between(20'000, 60'000))),
      latency_(random_.between(1000, 20'000)),
      rate_(fast_) {
  pace_.begin(start, most_, now_);
}

std::size_t Pipe::drain_for(milliseconds time) {
  std::size_t acknowledged = 0;
  const Time end = now_ + time;
  while (now_ < end) {
    while (held_.size() < pace_.limit()) {
      const auto service = std::chrono::duration<double>(1 / rate_);
      free_at_ = std::max(free_at_, now_) + std::chrono::duration_cast<Time::duration>(service);
      const auto extra = latency_ * static_cast<int>(random_.below(4)) / 10;  // not always the same
      held_.push_back({now_, free_at_ + latency_ + extra});
    }
    now_ += milliseconds(random_.between(1, 3));
    for (; !held_.empty() && held_.front().acknowledged <= now_; held_.pop_front()) {
      pace_.acknowledged(held_.front().submitted, now_);
      ++acknowledged;
    }
    pace_.judge(now_);
  }
  return acknowledged;
}

void Pipe::must_be_full(const char* when) {
  const double took = static_cast<double>(drain_for(seconds(1)));
  const double round_trip = std::chrono::duration<double>(latency_).count() * 1.3 + 0.003;
  const double could = std::min(fast_, static_cast<double>(most_) / round_trip);
  if (took < 0.9 * could || pace_.limit() < most_)
    throw Violation(std::string(when) + ": " + std::to_string(took) + " of " +
                    std::to_string(could) + " messages a second, " + std::to_string(pace_.limit()) +
                    " of " + std::to_string(most_) + " at once");
}

void Pipe::run() {
  drain_for(seconds(1));
  must_be_full("at first");
  // What an idle sink of that speed would have under way, eight times, and some steps up again: it
  // needs no more.
  rate_ = fast_ / static_cast<double>(random_.between(4, 8));
  const double round_trip = std::chrono::duration<double>(latency_).count() * 1.3 + 0.003;
  const auto enough =
      static_cast<std::size_t>(std::ceil(8 * rate_ * round_trip)) + start / 4 + most_ / 8;
  drain_for(long_enough);
  if (pace_.limit() > enough)
    throw Violation("slow: " + std::to_string(pace_.limit()) + " messages at once, where " +
                    std::to_string(enough) + " were more than enough");
  rate_ = fast_;
  drain_for(long_enough);
  must_be_full("fast again");
}

}  // namespace rebuf::daemon::sim
