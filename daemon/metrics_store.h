// Counters and histograms that are written on the paths of messages and read at a scrape.
// Lock-free.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

namespace rebuf::daemon {

// A histogram with fixed bounds (Prometheus semantics: upper bounds, inclusive; the last bucket is
// +Inf).
template <std::size_t N>
class Histogram {
 public:
  explicit constexpr Histogram(const std::array<double, N>& upper_bounds) : bounds_(upper_bounds) {}
  void observe(double value, std::uint64_t times = 1) noexcept {
    std::size_t bucket = 0;
    while (bucket < N && value > bounds_[bucket]) ++bucket;
    counts_[bucket].fetch_add(times, std::memory_order_relaxed);
    // Sum in billionths: atomic<double> addition is a loop, an integer one is not.
    sum_nano_.fetch_add(static_cast<std::uint64_t>(value * 1e9) * times, std::memory_order_relaxed);
  }
  [[nodiscard]] const std::array<double, N>& bounds() const { return bounds_; }
  [[nodiscard]] std::uint64_t count(std::size_t bucket) const {
    return counts_[bucket].load(std::memory_order_relaxed);
  }
  [[nodiscard]] double sum() const {
    return static_cast<double>(sum_nano_.load(std::memory_order_relaxed)) * 1e-9;
  }

 private:
  const std::array<double, N> bounds_;
  std::array<std::atomic<std::uint64_t>, N + 1> counts_{};
  std::atomic<std::uint64_t> sum_nano_{0};
};

inline constexpr std::array<double, 14> seconds_bounds{
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0};
inline constexpr std::array<double, 8> entries_bounds{1, 4, 16, 64, 256, 1024, 4096, 16384};
using SecondsHistogram = Histogram<14>;
using EntriesHistogram = Histogram<8>;

// What one route measures besides its totals.
struct RouteHistograms {
  SecondsHistogram ack_delivered{
      seconds_bounds};  // rebufd_ack_seconds{ack="delivered"}: offer to answer
  SecondsHistogram ack_buffered{seconds_bounds};
  SecondsHistogram wal_sync{seconds_bounds};
  EntriesHistogram wal_commit_entries{entries_bounds};
};

// rebufd_http_requests_total{route,code}: answers on the ingest port, per route and status code.
// One per route, one more for requests that belong to none. Lock-free.
class HttpCounts {
 public:
  static constexpr int lowest = 100;
  static constexpr int highest = 599;
  void add(int code) noexcept {
    if (code >= lowest && code <= highest)
      counts_[static_cast<std::size_t>(code - lowest)].fetch_add(1, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t count(int code) const {
    return counts_.at(static_cast<std::size_t>(code - lowest)).load(std::memory_order_relaxed);
  }

 private:
  std::array<std::atomic<std::uint64_t>, highest - lowest + 1> counts_{};
};

}  // namespace rebuf::daemon
