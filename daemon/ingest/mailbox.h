// What other threads have for a connection thread: accepted sockets, and connections whose
// wait is over. Owned by the connection thread; put by any thread, taken by its own.
#pragma once

#include <mutex>
#include <utility>
#include <vector>

#include "daemon/ingest/waker.h"
#include "sinks/fd.h"

namespace rebuf::daemon::ingest {

class Connection;

class Mailbox {
 public:
  struct Letters {
    std::vector<sinks::Fd> sockets;
    std::vector<Connection*> resumed;
  };

  [[nodiscard]] bool valid() const { return waker_.valid(); }
  [[nodiscard]] int fd() const { return waker_.fd(); }  // readable when there is something

  void put(sinks::Fd socket) {
    const std::lock_guard lock(mutex_);
    letters_.sockets.push_back(std::move(socket));
    waker_.wake();
  }
  // Behind this the connection, and this object, may be gone; so the wake-up is under the lock.
  void put(Connection* resumed) {
    const std::lock_guard lock(mutex_);
    letters_.resumed.push_back(resumed);
    if (letters_.resumed.size() == 1) waker_.wake();
  }
  void wake() const { waker_.wake(); }

  // Swaps what is there into `letters`, which is emptied before and keeps its capacity.
  void take(Letters& letters) {
    letters.sockets.clear();
    letters.resumed.clear();
    const std::lock_guard lock(mutex_);
    waker_.clear();
    std::swap(letters, letters_);
  }

 private:
  Waker waker_;
  std::mutex mutex_;
  Letters letters_;  // guarded by mutex_
};

}  // namespace rebuf::daemon::ingest
