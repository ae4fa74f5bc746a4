// The one thread that writes the records of all key gates, however many routes there are. Owned by
// main; outlives the gates.
//
// A gate that has something to write calls wake() on any thread; this thread then calls its work(),
// and again when that says so. One mutex inside; it is not held over work().
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "daemon/request.h"

namespace rebuf::daemon::idempotency {

class KeyWriter {
 public:
  class Gate {
   public:
    virtual ~Gate() = default;
    // Does what is due, and says when the next is; empty: when it wakes the writer. Blocks on the
    // disk.
    virtual std::optional<Clock::time_point> work() = 0;
  };

  KeyWriter();   // std::system_error when there is no thread to be had
  ~KeyWriter();  // after forget() of all gates
  KeyWriter(const KeyWriter&) = delete;
  KeyWriter& operator=(const KeyWriter&) = delete;

  void wake(Gate& gate);
  // When it returns, the thread is not with the gate and will not come to it unless woken.
  void forget(Gate& gate);

 private:
  void run();
  void note(Gate& gate, Clock::time_point due);

  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_:
  std::map<Gate*, Clock::time_point> due_;
  Gate* at_work_ = nullptr;
  bool ends_ = false;
  std::thread thread_;
};

}  // namespace rebuf::daemon::idempotency
