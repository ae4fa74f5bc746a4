#include "sinks/kafka/gate.h"

#include <algorithm>

namespace rebuf::sinks::kafka {

TopicGate::Partition& TopicGate::at(std::int32_t partition) {
  const auto index = static_cast<std::size_t>(std::int64_t{partition} + 1);
  if (partitions_.size() <= index) partitions_.resize(index + 1);
  return partitions_[index];
}

bool TopicGate::enter(std::int32_t partition, Time now) {
  const std::lock_guard lock(mutex_);
  Partition& there = at(partition);
  const bool maybe_there = partition != unknown && at(unknown).under_way > 0;
  const bool knows_us = !silent(now) && there.acknowledged_in == period_;
  if (maybe_there || (there.under_way > 0 && !knows_us)) return false;
  ++there.under_way;
  return true;
}

void TopicGate::leave(std::int32_t partition, bool acknowledged, Time now) {
  const std::lock_guard lock(mutex_);
  Partition& there = at(partition);
  if (there.under_way > 0) --there.under_way;
  if (!acknowledged) return;
  if (silent(now)) ++period_;
  acknowledged_at_ = now;
  there.acknowledged_in = period_;
}

bool TopicGate::empty() const {
  const std::lock_guard lock(mutex_);
  return std::ranges::all_of(partitions_, [](const Partition& p) { return p.under_way == 0; });
}

void TopicGate::reset() {
  const std::lock_guard lock(mutex_);
  partitions_.clear();
  acknowledged_at_ = {};
}

}  // namespace rebuf::sinks::kafka
