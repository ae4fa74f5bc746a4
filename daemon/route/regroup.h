// Holds a route's commit thread back for a moment behind each commit, until as many groups wait as
// did before it. Clients that send again when they are answered then share one sync; without this
// they fall into two halves, each of which waits for the other's sync. The moment is at most half
// of what the last sync took, so that clients who do not come back cost little; a few clients are
// never held up.
//
// One mutex, taken last. came() on any thread, the rest on the commit thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace rebuf::daemon {

class Regroup {
 public:
  explicit Regroup(std::chrono::nanoseconds longest = std::chrono::milliseconds(2))
      : longest_(longest) {}

  // A group was appended.
  void came() {
    const std::lock_guard lock(mutex_);
    if (++waiting_ == wanted_) enough_.notify_one();
  }
  // A sync has returned.
  void synced(std::chrono::nanoseconds took) { last_sync_ = took; }
  // `told` groups have ended, and whoever waited for them knows. True: as many wait again.
  bool wait(std::size_t told) {
    constexpr std::size_t few = 4;  // have nothing to gain
    std::unique_lock lock(mutex_);
    const std::size_t before = waiting_;
    waiting_ -= told;
    if (before < few) return waiting_ >= before;
    wanted_ = before;
    const bool enough = enough_.wait_for(lock, std::min(last_sync_ / 2, longest_),
                                         [this] { return waiting_ >= wanted_; });
    wanted_ = 0;
    return enough;
  }

 private:
  const std::chrono::nanoseconds longest_;
  std::mutex mutex_;
  std::condition_variable enough_;
  std::size_t waiting_ = 0;  // appended, and nobody told of their end; guarded by mutex_
  std::size_t wanted_ = 0;   // guarded by mutex_
  std::chrono::nanoseconds last_sync_{0};
};

}  // namespace rebuf::daemon
