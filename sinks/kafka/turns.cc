#include "sinks/kafka/turns.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <utility>

#include "sinks/kafka/channel.h"
#include "sinks/kafka/partitioner.h"
#include "sinks/kafka/record.h"

namespace rebuf::sinks::kafka {
namespace {

// Partitions that librdkafka sends nothing of while they are in here. Those that it does not know
// (yet, or any more) cannot be paused.
class Pause {
 public:
  Pause(rd_kafka_t* rk, std::span<Turn* const> turns) : rk_(rk) {
    for (const Turn* turn : turns)
      if (turn->partition != unplaced && turn->waiting.size() > 1)
        rd_kafka_topic_partition_list_add(list_.get(), turn->topic->name.c_str(), turn->partition);
    // Returns when its threads know. Fails only one by one.
    if (list_->cnt > 0) (void)rd_kafka_pause_partitions(rk_, list_.get());
  }
  ~Pause() {
    if (list_->cnt == 0) return;
    (void)rd_kafka_resume_partitions(rk_, list_.get());
    // Waits for nothing, but wakes the threads, which the end of a pause does not.
    (void)rd_kafka_flush(rk_, 0);
  }
  Pause(const Pause&) = delete;
  Pause& operator=(const Pause&) = delete;

  [[nodiscard]] bool holds(const Turn& turn) const {
    const auto* found =
        rd_kafka_topic_partition_list_find(list_.get(), turn.topic->name.c_str(), turn.partition);
    return found != nullptr && found->err == RD_KAFKA_RESP_ERR_NO_ERROR;
  }

 private:
  rd_kafka_t* const rk_;
  const PartitionListHandle list_{rd_kafka_topic_partition_list_new(0)};
};

}  // namespace

Turn& Turns::turn_of(const std::shared_ptr<Topic>& topic, std::int32_t partition) {
  Turn& turn = turns_[{topic.get(), partition}];
  if (turn.topic == nullptr) {
    turn.topic = topic;
    turn.partition = partition;
  }
  return turn;
}

bool Turns::feed(KafkaChannel& channel, rd_kafka_t* rk, const BatchLimits& limits, std::size_t most,
                 Time now) {
  bool works = true;
  for (bool more = true; works && more;) {
    more = channel.feed(*this);
    works = take(rk, limits, most, now);
  }
  return works;
}

void Turns::add(KafkaChannel& channel, const std::shared_ptr<Topic>& topic,
                const OutMessage& message, std::size_t bytes) {
  const std::int32_t partitions = topic->partitions();
  place_known();  // behind it: what is known to `partitions` is known here, too
  append(
      turn_of(topic, partitions == 0 ? unplaced : partition_of(partitioner_, message, partitions)),
      {&channel, message, bytes, next_number_++});
}

void Turns::append(Turn& turn, const Turn::Waiting& waiting) {
  turn.waiting.push_back(waiting);
  if (turn.partition == unplaced) ++waiting_unplaced_;
  if (turn.under_way == 0) make_ready(turn);
}

void Turns::make_ready(Turn& turn) {
  if (turn.waiting.empty() || std::exchange(turn.ready, true)) return;
  ready_.push_back(&turn);
}

// What waited to know how many partitions its topic has goes before what comes now.
void Turns::place_known() {
  if (waiting_unplaced_ == 0) return;
  std::vector<Turn*> known;
  for (auto& [key, turn] : turns_)
    if (turn.partition == unplaced && turn.topic->partitions() > 0) known.push_back(&turn);
  for (Turn* turn : known) {
    const std::int32_t partitions = turn->topic->partitions();
    waiting_unplaced_ -= turn->waiting.size();
    for (const Turn::Waiting& waiting : std::exchange(turn->waiting, {}))
      append(turn_of(turn->topic, partition_of(partitioner_, waiting.message, partitions)),
             waiting);
  }
}

// While a message is under way without its partition being known, it may be any.
bool Turns::may_go(const Turn& turn) const {
  if (turn.topic->state() == TopicState::asking) return false;
  const auto other = turns_.find({turn.topic.get(), unplaced});
  return other == turns_.end() || other->second.under_way == 0;
}

// What is under way for long waits for a leader, and takes no other partition's place.
std::size_t Turns::under_way(Time now) const {
  std::size_t count = 0;
  for (const auto& [key, turn] : turns_)
    if (turn.under_way > 0 && now - turn.handed_over < long_time) ++count;
  return count;
}

// Looks at `left` of those that are ready at most.
std::vector<Turn*> Turns::next(std::size_t most, std::size_t& left, Time now) {
  std::vector<Turn*> chosen;
  const std::size_t others = under_way(now);
  for (; left > 0 && others + chosen.size() < most; --left) {
    Turn& turn = *ready_.front();
    ready_.pop_front();
    if (turn.waiting.empty()) {
      turn.ready = false;
      end_if_over(turn);
    } else if (may_go(turn)) {
      turn.ready = false;
      chosen.push_back(&turn);
    } else {
      ready_.push_back(&turn);
    }
  }
  return chosen;
}

bool Turns::take(rd_kafka_t* rk, const BatchLimits& limits, std::size_t most, Time now) {
  place_known();
  bool works = true;
  // Each once: whose messages are all refused, or have to wait, keeps the place from no other.
  for (std::size_t left = ready_.size(); works && left > 0;) {
    const std::vector<Turn*> chosen = next(most, left, now);
    if (chosen.empty()) break;
    const Pause pause(rk, chosen);
    for (Turn* turn : chosen) {
      BatchLimits of_turn = limits;
      if (!pause.holds(*turn)) of_turn.messages = 1;
      works = works && hand_over(*turn, of_turn, now);
      if (turn->under_way > 0) continue;
      make_ready(*turn);
      end_if_over(*turn);
    }
  }
  return works;
}

bool Turns::hand_over(Turn& turn, BatchLimits limits, Time now) {
  std::size_t bytes = batch_header_bytes;
  turn.handed_over = now;
  turn.alone = false;
  while (!turn.waiting.empty() && turn.under_way < limits.messages && !turn.alone) {
    const Turn::Waiting& first = turn.waiting.front();
    bytes += first.bytes - batch_header_bytes;
    if (turn.under_way > 0 && bytes > limits.bytes) break;
    const std::size_t before = turn.under_way;
    switch (first.channel->take_turn(first.message, turn, now)) {
      case Next::gone:
        break;
      case Next::partition_waits:
      case Next::places_changed:
      case Next::topic_waits:
      case Next::all_wait:
        return true;
      case Next::broken:
        return false;
    }
    if (turn.partition == unplaced) --waiting_unplaced_;
    turn.waiting.pop_front();
    if (turn.under_way == before || turn.placed) continue;
    // librdkafka has no metadata (any more), keeps the message elsewhere, and will put it behind
    // whatever the partition has then, paused or not: so it must stay the only one.
    return turn.under_way == 1;
  }
  return true;
}

void Turns::done(Turn& turn) {
  if (--turn.under_way > 0) return;
  make_ready(turn);
  end_if_over(turn);
}

// A turn keeps its topic, and those that requests make up must not stay.
void Turns::end_if_over(const Turn& turn) {
  if (turn.ready || turn.under_way > 0) return;
  turns_.erase({turn.topic.get(), turn.partition});
}

void Turns::give_back() {
  for (auto& [key, turn] : turns_)
    for (const Turn::Waiting& waiting : turn.waiting) waiting.channel->give_back(waiting.message);
  clear();
}

void Turns::put_back() {
  std::vector<const Turn::Waiting*> waiting;
  for (const auto& [key, turn] : turns_)
    for (const Turn::Waiting& message : turn.waiting) waiting.push_back(&message);
  std::ranges::sort(waiting, std::greater(), &Turn::Waiting::number);
  for (const Turn::Waiting* last : waiting) last->channel->put_back(last->message);
  clear();
}

void Turns::clear() {
  turns_.clear();
  ready_.clear();
  waiting_unplaced_ = 0;
}

}  // namespace rebuf::sinks::kafka
