// Whether librdkafka sends what it gets at once, or lets it wait `linger.ms` for others.
//
// The property cannot be changed while a producer lives, and the load can: with a linger, few
// clients that wait for their answers get less than half the rate, and without, the brokers get ten
// times the requests from many that do not. But librdkafka lets nothing linger while a thread is in
// rd_kafka_flush(), which returns when no message is left. So a thread is kept in there as long as
// messages are in a hurry, and one delivery report is kept beside it: until that is destroyed, a
// message is left.
//
// rd_kafka_flush() waits for a time of the wall clock, like all of librdkafka. When that is put
// back meanwhile, nothing lingers until it has come so far again; and so long the end waits, too,
// should librdkafka keep a message for ever.
//
// Owned by the client. One thread of its own; it sleeps while nothing is in a hurry.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "sinks/kafka/handles.h"

namespace rebuf::sinks::kafka {

class Linger {
 public:
  // `rk` must outlive it. Until hurry(), what is produced lingers. Throws std::system_error where
  // no thread is to be had.
  explicit Linger(rd_kafka_t* rk);
  ~Linger();
  Linger(const Linger&) = delete;
  Linger& operator=(const Linger&) = delete;

  // Of what is produced next, and for `slice` once a report is kept, nothing lingers. Any thread.
  void hurry();
  // Takes the first delivery report that it is given; leaves the others. The poller.
  void keep(EventHandle& report);

  // Between two looks whether messages are in a hurry still.
  static constexpr std::chrono::milliseconds slice{50};

 private:
  void run();

  rd_kafka_t* const rk_;
  EventHandle kept_;
  std::atomic<bool> hurried_{false};  // since the last look
  std::atomic<bool> asleep_{false};
  std::mutex mutex_;
  std::condition_variable woken_;
  bool ends_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace rebuf::sinks::kafka
