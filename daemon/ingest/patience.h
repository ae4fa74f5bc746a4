// Tells whether the clients of one connection thread come seldom enough to wait a millisecond for
// each other: their messages may then linger on their way to Kafka and travel in larger batches. A
// few that come again as soon as they are answered would be slowed by that: they send nothing while
// they wait.
//
// A client is a connection. How often they come is counted over windows of 50 ms, on average: one
// that hurries among many that do not waits with them. What a window has shown holds until the next
// is over. Whether others would join them, the requests of all threads and to all routes tell; when
// those go elsewhere than into the same Kafka producer, nobody joins, and a millisecond is lost.
//
// While they wait they come less often, and some that hurry cannot be told from patient ones then:
// who comes every 1.5 ms without waiting comes every 2.5 ms with it. So now and then a window
// passes in which they are made to hurry, and it decides: first after four patient ones, then after
// 16, then after every 64 (3.2 s).
//
// Owned by the thread, and touched by it alone. It has no clock of its own.
#pragma once

#include <cstdint>

#include "daemon/request.h"

namespace rebuf::daemon::ingest {

class Patience {
 public:
  // A request that began at `came` has come whole; one that took long may have begun before others
  // that were noted earlier. `seen_in` is its connection's, which keeps it from one request to the
  // next, 0 at first: the window that has counted this client. `offered` requests have come whole
  // until now, on all threads. Returns whether the clients are patient now.
  [[nodiscard]] bool note(std::uint32_t& seen_in, Clock::time_point came, std::uint64_t offered);

 private:
  [[nodiscard]] bool judge(Clock::duration elapsed, std::uint64_t offered) const;
  void end_window(bool looks_patient);

  bool patient_ = false;
  // The window that is open:
  std::uint32_t window_ = 1;  // its number
  Clock::time_point begun_;
  std::uint64_t offered_before_ = 0;
  std::uint32_t requests_ = 0;
  std::uint32_t clients_ = 0;
  bool doubted_ = false;  // whether it is one in which they are made to hurry
  // Patient windows, one after the other, and after how many the next doubt comes.
  static constexpr std::uint32_t fewest_until_doubt{4};
  static constexpr std::uint32_t most_until_doubt{64};
  std::uint32_t until_doubt_ = fewest_until_doubt;
  std::uint32_t windows_ = 0;
};

}  // namespace rebuf::daemon::ingest
