// The threads that serve one admin listener. Bounded, which cpp-httplib's own pool is not: while
// `max_waiting` connections wait, the accepting thread waits too, and the kernel refuses the rest.
#pragma once

#include <httplib.h>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace rebuf::daemon::admin {

class WorkerPool final : public httplib::TaskQueue {
 public:
  WorkerPool(std::size_t threads, std::size_t max_waiting);
  ~WorkerPool() override { shutdown(); }

  void enqueue(std::function<void()> connection) override;  // the accepting thread
  void shutdown() override;                                 // serves what waits, then joins

 private:
  void run();

  const std::size_t max_waiting_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> waiting_;  // guarded by mutex_
  bool ends_ = false;                          // guarded by mutex_
  std::vector<std::thread> threads_;
};

}  // namespace rebuf::daemon::admin
