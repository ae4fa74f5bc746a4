// Tells whether the clients of one connection thread come seldom enough to wait a millisecond for
// each other: their messages may then linger on their way to Kafka and travel in larger batches. A
// few that come again as soon as they are answered would be slowed by that: they send nothing while
// they wait.
//
// A client is a connection. How often they come is counted over windows of 50 ms, on average: one
// that hurries among many that do not waits with them. What a window has shown holds until the next
// is over; and every two seconds they need not wait for one, for what they do while they wait says
// too little.
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
  // next, 0 at first: the window that has counted this client.
  // Returns whether the clients are patient now.
  [[nodiscard]] bool note(std::uint32_t& seen_in, Clock::time_point came);

 private:
  [[nodiscard]] bool judge(Clock::duration elapsed) const;

  bool patient_ = false;
  // The window that is open:
  std::uint32_t window_ = 1;  // its number
  Clock::time_point begun_;
  std::uint32_t requests_ = 0;
  std::uint32_t clients_ = 0;
  // That have been patient, one after the other:
  std::uint32_t windows_ = 0;
};

}  // namespace rebuf::daemon::ingest
