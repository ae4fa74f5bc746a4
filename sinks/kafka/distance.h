// How far away the brokers are, by the time that their answers take. A queue in front of a broker,
// or a machine that is slow for a moment, makes some answers late; a long way makes all of them so.
//
// Owned by the poller. Any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <set>

#include "sinks/kafka/topics.h"

namespace rebuf::sinks::kafka {

class Distance {
 public:
  // An answer came from a broker (-1: not known yet which) after this time.
  void note(std::int32_t broker, std::chrono::microseconds round_trip, Time now);

  // Whether every answer lately took as long as only a long way takes.
  [[nodiscard]] bool seems_long() const;
  // The same for some seconds and many answers.
  [[nodiscard]] bool is_long(Time now) const;
  // Whether one lately took no longer than a short way takes.
  [[nodiscard]] bool is_short() const;
  // The shortest time lately; 0: nothing has answered.
  [[nodiscard]] std::chrono::microseconds shortest() const;
  // Brokers that answered, ever; at least one.
  [[nodiscard]] std::size_t brokers() const;

 private:
  mutable std::mutex mutex_;
  // Of the answers since the one at `since_`:
  std::size_t answers_ = 0;
  std::chrono::microseconds shortest_{};
  Time since_{};
  std::set<std::int32_t> brokers_;
};

}  // namespace rebuf::sinks::kafka
