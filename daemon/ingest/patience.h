// Tells whether the clients of one connection thread come seldom enough to wait a millisecond for
// each other: their messages may then linger on their way to Kafka and travel in larger batches. A
// few that come again as soon as they are answered would be slowed by that: they send nothing while
// they wait.
//
// A client is a connection. How often they come is counted over windows of 50 ms, on average: one
// that hurries among many that do not waits with them. What a window has shown holds until the next
// is over. Whether others would join them all threads' requests tell, for they linger in one place.
// What they do while they wait says too little, so after 0.2 s they need not for one window; the
// longer they have proved patient, the seldomer, down to every half minute.
//
// Owned by the thread's HttpDaemon; only that thread touches it. It has no clock of its own.
#pragma once

#include <cstdint>

#include "daemon/request.h"

namespace rebuf::daemon::ingest {

class Patience {
 public:
  // A request that began at `came` has come whole; one that took long may have begun before others
  // that were noted earlier. `seen_in` is its connection's, which keeps it from one request to the
  // next, 0 at first: the window that has counted this client. `offered`
  // requests have come whole until now, on all threads.
  // Returns whether the clients are patient now.
  [[nodiscard]] bool note(std::uint32_t& seen_in, Clock::time_point came, std::uint64_t offered);

 private:
  [[nodiscard]] bool judge(Clock::duration elapsed, std::uint64_t offered) const;
  void close(bool looks_patient);

  bool patient_ = false;
  // The window that is open:
  std::uint32_t window_ = 1;  // its number
  Clock::time_point begun_;
  std::uint64_t offered_before_ = 0;
  std::uint32_t requests_ = 0;
  std::uint32_t clients_ = 0;
  // Some that were taken for patient in a halt come too seldom to be told from others while they
  // wait: every 1.5 ms without, every 2.5 ms with it. So they get a window without after a few;
  // when that finds them patient still, the next after four times as many.
  static constexpr std::uint32_t few_windows{4};
  static constexpr std::uint32_t most_windows{640};
  bool doubted_ = false;               // this is such a window
  std::uint32_t trust_ = few_windows;  // after how many the next one comes
  std::uint32_t windows_ = 0;          // that have been patient, one after the other
};

}  // namespace rebuf::daemon::ingest
