// Over a long way: which partition's messages librdkafka gets when.
//
// librdkafka 2.0.2 sends one partition's messages in a request. With one request to a broker under
// way, each of many partitions waits for all others, a round trip each; with more, two of them can
// be of one partition, which must not be (client.cc). So several are under way here, and of each
// partition one: its messages wait until those before them are reported, and then librdkafka gets
// as many as fit into one request. The partition is paused meanwhile, for librdkafka would send the
// first of them while it gets the rest; where it cannot be paused, one message goes. Besides, what
// waits here does not make librdkafka's threads poll without pause, as what waits in librdkafka
// does.
//
// Owned by the poller, which alone calls it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sinks/kafka/client.h"
#include "sinks/kafka/topics.h"
#include "sinks/message.h"

namespace rebuf::sinks::kafka {

class KafkaChannel;

// One partition's messages.
struct Turn {
  struct Waiting {
    KafkaChannel* channel = nullptr;
    OutMessage message;
    std::size_t bytes = 0;     // wire_bytes() of it
    std::uint64_t number = 0;  // counted up as they come
  };
  std::shared_ptr<Topic> topic;
  std::int32_t partition = 0;  // unplaced: whichever the message turns out to go to
  std::deque<Waiting> waiting;
  std::size_t under_way = 0;  // messages that librdkafka has
  Time handed_over{};         // when it got the first of them
  bool alone = false;         // nothing may travel with the last one that it got
  bool placed = false;        // librdkafka knew the partition of the last one that it got
  bool ready = false;         // it is in the list of those whose turn may be next
};

// Of a topic whose number of partitions is not known yet.
inline constexpr std::int32_t unplaced = -1;

class Turns {
 public:
  explicit Turns(std::string partitioner) : partitioner_(std::move(partitioner)) {}

  // Has the channel add what waits there, and hands librdkafka what has its turn. `limits`: of a
  // request. `most`: requests under way. False: it takes nothing any more.
  [[nodiscard]] bool feed(KafkaChannel& channel, rd_kafka_t* rk, const BatchLimits& limits,
                          std::size_t most, Time now);
  void add(KafkaChannel& channel, const std::shared_ptr<Topic>& topic, const OutMessage& message,
           std::size_t bytes);
  // Some wait for others that are under way, but no longer than `long_time`.
  [[nodiscard]] bool any_ready() const { return !ready_.empty(); }
  static constexpr std::chrono::seconds long_time{1};
  // One of its messages is reported. The turn may end with it.
  void done(Turn& turn);
  // librdkafka has nothing any more. What waits is given back by its channel; or its channel keeps
  // it, in the order in which it came and before everything that came later.
  void give_back();
  void put_back();

 private:
  [[nodiscard]] Turn& turn_of(const std::shared_ptr<Topic>& topic, std::int32_t partition);
  void append(Turn& turn, const Turn::Waiting& waiting);
  void make_ready(Turn& turn);
  void end_if_over(const Turn& turn);
  void place_known();
  void clear();
  [[nodiscard]] bool take(rd_kafka_t* rk, const BatchLimits& limits, std::size_t most, Time now);
  [[nodiscard]] bool may_go(const Turn& turn) const;
  [[nodiscard]] std::vector<Turn*> next(std::size_t most, std::size_t& left, Time now);
  [[nodiscard]] std::size_t under_way(Time now) const;
  [[nodiscard]] bool hand_over(Turn& turn, BatchLimits limits, Time now);

  const std::string partitioner_;
  // Those with messages. Each stays where it is: librdkafka's messages point to it.
  std::map<std::pair<const Topic*, std::int32_t>, Turn> turns_;
  std::deque<Turn*> ready_;  // the one that is ready for longest stands first
  std::uint64_t next_number_ = 0;
  std::size_t waiting_unplaced_ = 0;  // messages
};

}  // namespace rebuf::sinks::kafka
