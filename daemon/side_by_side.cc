#include "daemon/side_by_side.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace rebuf::daemon {
namespace {

class Round {
 public:
  Round(std::size_t count, const std::function<void(std::size_t)>& work)
      : count_(count), work_(work), left_(count) {}

  // Takes one after the other, until none is left to take.
  void take() {
    for (std::size_t index = next_++; index < count_; index = next_++) {
      std::exception_ptr error;
      try {
        work_(index);
      } catch (...) {
        error = std::current_exception();
      }
      const std::lock_guard lock(mutex_);
      if (!error_) error_ = error;
      if (--left_ == 0) ended_.notify_one();
    }
  }
  bool ends_within(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    return ended_.wait_for(lock, time, [this] { return left_ == 0; });
  }
  [[nodiscard]] std::exception_ptr error() const { return error_; }

 private:
  const std::size_t count_;
  const std::function<void(std::size_t)>& work_;
  std::atomic<std::size_t> next_{0};
  std::mutex mutex_;
  std::condition_variable ended_;
  std::size_t left_;          // guarded by mutex_
  std::exception_ptr error_;  // guarded by mutex_ until all have ended
};

}  // namespace

void side_by_side(std::size_t count, std::size_t threads,
                  const std::function<void(std::size_t)>& work,
                  const std::function<void()>& meanwhile) {
  constexpr auto moment = std::chrono::milliseconds(10);
  Round round(count, work);
  std::vector<std::thread> running;
  running.reserve(threads);
  try {
    while (running.size() < std::min(threads, count))
      running.emplace_back([&round] { round.take(); });
  } catch (const std::exception&) {  // no more are to be had: those that there are do it all
  }
  if (running.empty()) round.take();
  while (!round.ends_within(moment)) meanwhile();
  for (std::thread& thread : running) thread.join();
  if (round.error()) std::rethrow_exception(round.error());
}

}  // namespace rebuf::daemon
