// The queue in front of limits.memory: a request whose body does not fit now waits its turn, first
// come first served, for a bounded time. Any thread may call anything; one mutex inside. Memory
// that routes let go is not announced, so the server's thread polls while somebody waits.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>

#include "daemon/memory_budget.h"
#include "daemon/request.h"

namespace rebuf::daemon::ingest {

class MemoryGate {
 public:
  enum class Outcome : std::uint8_t { waiting, granted, timed_out, stopping };

  // Owned by the waiting connection; the gate writes to it until `wake` was called, its connection
  // reads it afterwards.
  struct Waiter {
    std::uint64_t bytes = 0;
    Clock::time_point until;
    MemoryBudget::Charge charge;
    Outcome outcome = Outcome::waiting;
    std::function<void()> wake;
  };

  explicit MemoryGate(MemoryBudget& budget) : budget_(budget) {}

  [[nodiscard]] std::uint64_t limit() const { return budget_.limit(); }
  // False when it does not fit now, or when others wait already.
  [[nodiscard]] bool try_charge(std::uint64_t bytes, MemoryBudget::Charge& into);
  // Ends in exactly one call of waiter.wake, on the server's thread or the one that stops; perhaps
  // before this returns.
  void wait(Waiter& waiter);
  // Grants and times out. True while somebody still waits: call again soon.
  bool poll(Clock::time_point now);
  // All that wait, and all that come later, are refused.
  void stop();

 private:
  MemoryBudget& budget_;
  std::mutex mutex_;
  std::deque<Waiter*> waiters_;  // guarded by mutex_
  bool stopped_ = false;         // guarded by mutex_
};

}  // namespace rebuf::daemon::ingest
