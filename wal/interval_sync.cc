#include "wal/interval_sync.h"

#include <utility>

namespace rebuf {

IntervalSync::IntervalSync(std::chrono::milliseconds period, std::function<void()> sync)
    : period_(period), sync_(std::move(sync)), thread_([this] { run(); }) {}

IntervalSync::~IntervalSync() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_all();
  thread_.join();
}

void IntervalSync::run() {
  std::unique_lock lock(mutex_);
  while (!stop_.wait_for(lock, period_, [this] { return stopping_; })) {
    lock.unlock();
    sync_();
    lock.lock();
  }
}

}  // namespace rebuf
