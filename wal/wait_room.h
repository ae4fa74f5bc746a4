// Where callers wait for their groups: one system call wakes them all, and they take no lock to
// leave. A condition variable cost 64 wake-ups and as many turns at the mutex a commit.
#pragma once

#include <atomic>
#include <cstdint>

namespace rebuf {

class WaitRoom {
 public:
  // Returns when `done` is true. Whoever sets it rings afterwards, and may not touch what holds
  // `done` any more: the caller may have left.
  void wait(const std::atomic<bool>& done);
  void ring();

 private:
  std::atomic<std::uint32_t> rings_ = 0;
};

}  // namespace rebuf
