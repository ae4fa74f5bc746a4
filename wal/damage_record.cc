#include "wal/damage_record.h"

#include <string>
#include <utility>

namespace rebuf {

namespace {

std::string describe(const Damage& damage) {
  return "segment " + std::to_string(damage.begin.segment) + " offset " +
         std::to_string(damage.begin.offset) + ": " + std::to_string(damage.length) +
         " bytes passed over, " + damage.reason;
}

}  // namespace

DamageRecord::DamageRecord(Quarantine& quarantine, Logger logger)
    : quarantine_(quarantine), logger_(std::move(logger)) {}

Status DamageRecord::add(const Damage& damage, File& file) {
  if (!count(damage)) return {};
  const auto kept = quarantine_.keep(file, damage.begin, damage.length);
  std::string text = describe(damage);
  if (!kept) {
    text += "; no copy: " + kept.status().message();
  } else if (*kept == Quarantine::Kept::no_room) {
    text += "; no copy: quarantine is at its bound";
  } else {
    const std::lock_guard lock(mutex_);
    counts_.quarantined_bytes += damage.length;
  }
  if (logger_) logger_(LogLevel::warning, text);
  return kept.status();
}

void DamageRecord::add_unreadable(const Damage& damage) {
  if (count(damage) && logger_) logger_(LogLevel::error, describe(damage));
}

bool DamageRecord::count(const Damage& damage) {
  const std::lock_guard lock(mutex_);
  if (!known_.insert(damage.begin).second) return false;
  counts_.damaged_bytes += damage.length;
  return true;
}

void DamageRecord::add_zero_entries(Position at, std::uint64_t entries) {
  const std::lock_guard lock(mutex_);
  if (known_.insert(at).second) counts_.zero_entries += entries;
}

void DamageRecord::set_unreadable(SegmentId segment) {
  const std::lock_guard lock(mutex_);
  unreadable_.insert(segment);
}

bool DamageRecord::is_unreadable(SegmentId segment) const {
  const std::lock_guard lock(mutex_);
  return unreadable_.contains(segment);
}

std::chrono::steady_clock::time_point DamageRecord::failing_since(Position at) {
  const std::lock_guard lock(mutex_);
  return failing_.try_emplace(at, std::chrono::steady_clock::now()).first->second;
}

void DamageRecord::can_be_read(Position at) {
  const std::lock_guard lock(mutex_);
  failing_.erase(at);
}

void DamageRecord::forget(SegmentId segment) {
  const Position begin{segment, 0};
  const Position end{segment + 1, 0};
  const std::lock_guard lock(mutex_);
  unreadable_.erase(segment);
  known_.erase(known_.lower_bound(begin), known_.lower_bound(end));
  failing_.erase(failing_.lower_bound(begin), failing_.lower_bound(end));
}

DamageRecord::Counts DamageRecord::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

}  // namespace rebuf
