// Which of a topic's partitions take more messages now. After a silence of the topic each gets one
// message; the others follow when that is acknowledged.
//
// A leader that has nothing of this producer takes any sequence number: behind a silence the topic
// may be another one of the same name, and a producer that was just made is new to all. When a
// partition moves to such a leader while the one before has a request, librdkafka 2.0.2 may send
// what is behind that request first (errors.h says when). Behind a single message there is nothing,
// and when it is acknowledged the leader knows the producer, and refuses what is out of turn.
//
// Owned by the topic. Any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace rebuf::sinks::kafka {

class TopicGate {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // Without an acknowledgement from any partition for so long, the topic is silent. A topic is
  // hardly deleted and made again in less.
  static constexpr std::chrono::milliseconds silence{100};
  // Where it is not known yet which partition it is: it may be any.
  static constexpr std::int32_t unknown = -1;

  // True: the message counts as under way there until it leaves.
  [[nodiscard]] bool enter(std::int32_t partition, Time now);
  void leave(std::int32_t partition, bool acknowledged, Time now);
  [[nodiscard]] bool empty() const;
  // Another producer, which has nothing under way.
  void reset();

 private:
  struct Partition {
    std::size_t under_way = 0;
    std::uint64_t acknowledged_in = 0;  // the period
  };
  [[nodiscard]] Partition& at(std::int32_t partition);
  [[nodiscard]] bool silent(Time now) const { return now - acknowledged_at_ > silence; }

  mutable std::mutex mutex_;
  std::vector<Partition> partitions_;  // the first: unknown
  Time acknowledged_at_{};             // by any
  std::uint64_t period_ = 1;           // counts the silences
};

}  // namespace rebuf::sinks::kafka
