// Ends things on threads of their own, for who lets go of them last must not wait for it: an old
// sink takes seconds to end when its brokers do not answer, and any thread that answers a request
// may be the last one that looked at it.
//
// Owned by main's thread; dispose() from any. The destructor waits for all.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>

namespace rebuf::daemon {

class Disposal {
 public:
  Disposal() = default;
  ~Disposal();
  Disposal(const Disposal&) = delete;
  Disposal& operator=(const Disposal&) = delete;

  // Calls it once, on a thread of its own; on this one when there is none to be had.
  void dispose(const std::function<void()>& end);

 private:
  void done();

  std::mutex mutex_;
  std::condition_variable ended_;
  std::size_t under_way_ = 0;  // guarded by mutex_
};

}  // namespace rebuf::daemon
