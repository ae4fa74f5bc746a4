#include "wal/segment_set.h"

#include <algorithm>
#include <utility>

namespace rebuf {

void SegmentSet::start(Sizes completed, SegmentId active, std::shared_ptr<File> file,
                       std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  completed_ = std::move(completed);
  for (const auto& [id, size] : completed_) completed_bytes_ += size;
  active_ = active;
  file_ = std::move(file);
  written_ = committed_ = bytes;
  durable_ = {active, bytes};
}

void SegmentSet::set_written(std::uint64_t offset) {
  written_.store(offset, std::memory_order_release);
}

// Either a reader that is about to wait sees the new offset, or it is seen here to be waiting: both
// store first and look then, in one order for all (seq_cst).
void SegmentSet::set_committed(std::uint64_t offset) {
  written_.store(offset, std::memory_order_release);
  committed_.store(offset);
  if (waiting_.load() == 0) return;
  const std::lock_guard lock(mutex_);
  more_.notify_all();
}

void SegmentSet::set_durable(Position position) {
  const std::lock_guard lock(mutex_);
  if (retreated_) return;
  durable_ = std::max(durable_, position);
  unsynced_.erase(unsynced_.begin(), unsynced_.lower_bound(durable_.segment));
}

void SegmentSet::complete(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  completed_.emplace(active_, bytes);
  completed_bytes_ += bytes;
  if (durable_ >= Position{active_, bytes}) {
    durable_ = {active_ + 1, 0};
  } else {
    unsynced_.emplace(active_, std::move(file_));
  }
  ++active_;
  file_.reset();
  written_ = committed_ = 0;
  more_.notify_all();
}

SegmentSet::Unsynced SegmentSet::unsynced() const {
  const std::lock_guard lock(mutex_);
  Unsynced unsynced{{}, {active_, written_}};
  for (const auto& [id, file] : unsynced_) unsynced.files.push_back(file);
  if (file_ && durable_ < unsynced.end) unsynced.files.push_back(file_);
  return unsynced;
}

std::size_t SegmentSet::unsynced_completed() const {
  const std::lock_guard lock(mutex_);
  return unsynced_.size();
}

void SegmentSet::set_active_file(std::shared_ptr<File> file) {
  const std::lock_guard lock(mutex_);
  file_ = std::move(file);
}

void SegmentSet::retreat_to_durable() {
  const std::lock_guard lock(mutex_);
  retreated_ = true;
}

bool SegmentSet::retreated() const {
  const std::lock_guard lock(mutex_);
  return retreated_;
}

std::uint64_t SegmentSet::readable(SegmentId id, std::uint64_t bytes) const {
  if (!retreated_ || id < durable_.segment) return bytes;
  return id == durable_.segment ? std::min(bytes, durable_.offset) : 0;
}

std::uint64_t SegmentSet::take_out(SegmentId completed) {
  const std::lock_guard lock(mutex_);
  const auto found = completed_.find(completed);
  if (found == completed_.end()) return 0;
  const std::uint64_t bytes = found->second;
  completed_bytes_ -= bytes;
  completed_.erase(found);
  unsynced_.erase(completed);
  return bytes;
}

void SegmentSet::put_back(SegmentId completed, std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  if (completed_.emplace(completed, bytes).second) completed_bytes_ += bytes;
}

SegmentSet::Place SegmentSet::place(Position at) const {
  const std::lock_guard lock(mutex_);
  const auto found = completed_.lower_bound(at.segment);
  if (found != completed_.end()) {
    return {found->first, readable(found->first, found->second), false, nullptr};
  }
  return {active_, end_locked().offset, true, file_};
}

SegmentSet::Place SegmentSet::active() const {
  const std::lock_guard lock(mutex_);
  return {active_, end_locked().offset, true, file_};
}

Position SegmentSet::committed() const {
  const std::lock_guard lock(mutex_);
  return end_locked();
}

Position SegmentSet::durable() const {
  const std::lock_guard lock(mutex_);
  return durable_;
}

SegmentSet::Totals SegmentSet::totals() const {
  const std::lock_guard lock(mutex_);
  const std::uint64_t written = written_;
  return {
      completed_.size(), completed_bytes_ + written, written, oldest_locked(), {active_, written}};
}

Position SegmentSet::oldest() const {
  const std::lock_guard lock(mutex_);
  return oldest_locked();
}

Position SegmentSet::oldest_locked() const {
  for (const auto& [id, size] : completed_) {
    if (size > 0) return {id, 0};
  }
  return {active_, 0};
}

std::uint64_t SegmentSet::completed_count() const {
  const std::lock_guard lock(mutex_);
  return completed_.size();
}

std::optional<SegmentId> SegmentSet::lowest() const {
  const std::lock_guard lock(mutex_);
  if (completed_.empty()) return std::nullopt;
  return completed_.begin()->first;
}

std::vector<SegmentId> SegmentSet::below(SegmentId id) const {
  const std::lock_guard lock(mutex_);
  std::vector<SegmentId> ids;
  for (const auto& [completed, size] : completed_) {
    if (completed < id) ids.push_back(completed);
  }
  return ids;
}

bool SegmentSet::contains(SegmentId completed) const {
  const std::lock_guard lock(mutex_);
  return completed_.contains(completed);
}

bool SegmentSet::more_behind(Position at) const {
  const std::lock_guard lock(mutex_);
  return more_locked(at);
}

bool SegmentSet::more_locked(Position at) const {
  for (auto it = completed_.lower_bound(at.segment); it != completed_.end(); ++it) {
    const std::uint64_t end = readable(it->first, it->second);
    if (end > (it->first == at.segment ? at.offset : 0)) return true;
  }
  if (at.segment > active_) return false;
  return end_locked().offset > (at.segment == active_ ? at.offset : 0);
}

bool SegmentSet::wait_for_more(Position at, std::chrono::milliseconds timeout) const {
  std::unique_lock lock(mutex_);
  ++waiting_;
  more_.wait_for(lock, timeout, [&] { return stopped_ || more_locked(at); });
  --waiting_;
  return more_locked(at);
}

void SegmentSet::stop_waiting() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  more_.notify_all();
}

}  // namespace rebuf
