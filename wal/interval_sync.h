// The thread of SyncStrategy::interval: calls `sync` every `period` until it is destroyed.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace rebuf {

class IntervalSync {
 public:
  // Throws std::system_error when there can be no thread.
  IntervalSync(std::chrono::milliseconds period, std::function<void()> sync);
  ~IntervalSync();  // waits for a call that runs
  IntervalSync(const IntervalSync&) = delete;
  IntervalSync& operator=(const IntervalSync&) = delete;

 private:
  void run();

  const std::chrono::milliseconds period_;
  const std::function<void()> sync_;
  std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;     // last: it uses the others
};

}  // namespace rebuf
