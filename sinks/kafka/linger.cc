#include "sinks/kafka/linger.h"

#include <utility>

namespace rebuf::sinks::kafka {

Linger::Linger(rd_kafka_t* rk) : rk_(rk), thread_([this] { run(); }) {}

Linger::~Linger() {
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  woken_.notify_one();
  kept_.reset();  // rd_kafka_flush() returns, unless there are others
  thread_.join();
}

void Linger::hurry() {
  if (hurried_.load(std::memory_order_relaxed)) return;
  // Either this sees that the thread sleeps, or the thread sees this before it does.
  hurried_.store(true);
  if (!asleep_.load()) return;
  const std::lock_guard lock(mutex_);
  woken_.notify_one();
}

void Linger::keep(EventHandle& report) {
  if (kept_ == nullptr) kept_ = std::move(report);
}

void Linger::run() {
  std::unique_lock lock(mutex_);
  while (!ends_) {
    if (!hurried_.exchange(false)) {
      asleep_ = true;
      woken_.wait(lock, [this] { return ends_ || hurried_; });
      asleep_ = false;
      continue;
    }
    lock.unlock();
    // Also wakes librdkafka's threads, which may have let something linger already. It says only
    // whether something is left.
    (void)rd_kafka_flush(rk_, static_cast<int>(slice.count()));
    lock.lock();
  }
}

}  // namespace rebuf::sinks::kafka
