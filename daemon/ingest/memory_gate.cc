#include "daemon/ingest/memory_gate.h"

#include <vector>

namespace rebuf::daemon::ingest {

bool MemoryGate::try_charge(std::uint64_t bytes, MemoryBudget::Charge& into) {
  const std::lock_guard lock(mutex_);
  return waiters_.empty() && budget_.try_charge(bytes, into);
}

void MemoryGate::wait(Waiter& waiter) {
  waiter.outcome = Outcome::waiting;
  {
    const std::lock_guard lock(mutex_);
    if (!stopped_) {
      waiters_.push_back(&waiter);
      return;
    }
    waiter.outcome = Outcome::stopping;
  }
  waiter.wake();
}

bool MemoryGate::poll(Clock::time_point now) {
  std::vector<Waiter*> done;
  bool left = false;
  {
    const std::lock_guard lock(mutex_);
    while (!waiters_.empty() &&
           budget_.try_charge(waiters_.front()->bytes, waiters_.front()->charge)) {
      waiters_.front()->outcome = Outcome::granted;
      done.push_back(waiters_.front());
      waiters_.pop_front();
    }
    std::erase_if(waiters_, [&](Waiter* waiter) {
      if (waiter->until > now) return false;
      waiter->outcome = Outcome::timed_out;
      done.push_back(waiter);
      return true;
    });
    left = !waiters_.empty();
  }
  for (Waiter* waiter : done) waiter->wake();
  return left;
}

void MemoryGate::stop() {
  std::deque<Waiter*> refused;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    refused.swap(waiters_);
    for (Waiter* waiter : refused) waiter->outcome = Outcome::stopping;
  }
  for (Waiter* waiter : refused) waiter->wake();
}

}  // namespace rebuf::daemon::ingest
