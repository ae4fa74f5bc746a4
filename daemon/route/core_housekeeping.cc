// The durable cursor, the segments behind it, and on_full: drop_oldest.
#include <algorithm>

#include "daemon/route/core.h"

namespace rebuf::daemon {
namespace {

// How long a route that is not DIRECT leaves its active segment open for more.
constexpr std::chrono::milliseconds seal_pause{1000};
constexpr std::chrono::milliseconds retry_pause{1000};

}  // namespace

bool Core::nothing_logged() const { return backlog_ == 0 && queued_.empty() && !gap_open_; }

Cursor Core::cursor() const {
  Cursor cursor = cursor_;
  static_cast<void>(purgeable(cursor));  // moves it
  return cursor;
}

// The last segment that is done as a whole. Moves `cursor` over an active segment that holds
// nothing.
std::optional<SegmentId> Core::purgeable(Cursor& cursor) const {
  if (nothing_logged() && sealed_active_ && cursor.position <= Position{*sealed_active_, 0}) {
    cursor.position = {*sealed_active_, 0};
    cursor.ordinal = next_ordinal_;
  }
  const SegmentId first_needed = first_needed_segment().value_or(cursor.position.segment);
  if (first_needed == 0) return std::nullopt;
  return first_needed - 1;
}

// Of the first entry that is in the log and not done; empty when its place is not known.
std::optional<SegmentId> Core::first_needed_segment() const {
  if (nothing_logged()) return std::nullopt;
  for (const Entry* entry : window_) {
    if (entry->in_log == Entry::InLog::queued) return std::nullopt;
    if (entry->in_log == Entry::InLog::yes && !entry->done()) return entry->begin.segment;
  }
  if (gap_open_) return gap_position_.segment;
  if (!tail_.empty() && tail_.front()->in_log == Entry::InLog::yes)
    return tail_.front()->begin.segment;
  return std::nullopt;
}

// The active segment goes only once it is completed: when nothing in it is needed any more, or when
// what is done in it keeps a route that has caught up from its capacity.
bool Core::wants_seal(Time now) const {
  if (log_bytes_ == 0 || sealed_active_) return false;
  if (nothing_logged() && phase_ == Phase::direct) return true;
  if (phase_ != Phase::draining) return false;
  if (nothing_logged()) return now - last_commit_ > seal_pause;
  return !gap_open_ && !log_has_window_room() && now - sealed_at_ > seal_pause;
}

// Whether a whole window could be spilled.
bool Core::log_has_window_room() const {
  return log_bytes_ + queued_bytes_ + settings_.route.window_max_bytes <=
         settings_.route.buffer.max_bytes;
}

std::optional<HousekeepingWork> Core::housekeeping(Time now) const {
  if (housekeeping_ || dropping_ || reopening_ || log_failed_ || now < housekeeping_retry_at_)
    return std::nullopt;
  HousekeepingWork work;
  work.seal = wants_seal(now);

  Cursor cursor = cursor_;
  const auto through = purgeable(cursor);
  const bool purge = through && (!purged_through_ || *through > *purged_through_);
  const bool moved = cursor_dirty_ && now - cursor_dirty_since_ >= settings_.cursor_lag;
  if (moved || purge) work.save = std::move(cursor);
  if (purge) work.purge_through = through;
  if (!work.seal && !work.save && !work.purge_through) return std::nullopt;
  return work;
}

void Core::housekeeping_done(const HousekeepingWork& work, const Status& status,
                             std::optional<SegmentId> active, std::uint64_t log_bytes, Time now) {
  now_ = now;
  housekeeping_ = false;
  log_bytes_ = log_bytes;
  if (!status.ok()) {
    log_error_ = status.message();
    housekeeping_retry_at_ = now + retry_pause;
    cursor_dirty_ |= work.save.has_value();
    if (status.code() == Code::sync_failed) {
      log_failed_ = true;
      log_retry_at_ = now;
    }
    return;
  }
  if (work.purge_through) purged_through_ = work.purge_through;
  if (work.seal) sealed_at_ = now;
  if (work.seal && active && commits_ == commits_at_seal_ && nothing_logged())
    sealed_active_ = active;
  flush_held(now);
  enter_direct_if_caught_up(now);
}

// --- on_full: drop_oldest ---

// An entry's copy in the log went.
void Core::drop_logged(Entry& entry, DropReason reason) {
  if (entry.done()) return;
  if (entry.at_sink == Entry::AtSink::waiting) return drop(entry, reason);
  // The sink or the dead letters still have it: in flight again.
  --backlog_;
  backlog_bytes_ -= std::min(backlog_bytes_, entry.framed_bytes());
  ++in_flight_;
  entry.in_log = Entry::InLog::gone;
  entry.purged = reason == DropReason::operator_;
}

// What stood before `to` is gone from the log.
void Core::drop_before(Position to, std::optional<std::uint64_t> ordinal, DropReason reason) {
  if (dropped_to_ < to) {
    dropped_to_ = to;
    dropped_for_ = reason;
  }
  for (Entry* entry : window_)
    if (entry->in_log == Entry::InLog::yes && entry->begin < to) drop_logged(*entry, reason);
  if (gap_open_ && gap_position_ < to) {
    if (ordinal) advance_gap(*ordinal, reason);
    gap_position_ = to;
  }
  while (!tail_.empty() && tail_.front()->in_log == Entry::InLog::yes &&
         tail_.front()->begin < to) {
    Entry* entry = tail_.front();
    tail_.pop_front();
    tail_bytes_ -= entry->framed_bytes();
    if (!entry->done()) drop(*entry, reason);
    pool_.give_back(entry);
  }
  if (cursor_.position < to) {
    cursor_.position = to;
    cursor_.ordinal = ordinal.value_or(0);
  }
}

void Core::dropped_oldest(const Status& status, Position to, std::optional<std::uint64_t> ordinal,
                          std::uint64_t log_bytes, Time now) {
  now_ = now;
  dropping_ = false;
  log_bytes_ = log_bytes;
  if (!status.ok()) {
    log_error_ = status.message();
    drop_retry_at_ = now + retry_pause;
    for (; !held_.empty(); held_.pop_front())
      answer_error(held_.front(), AnswerCode::buffer_full,
                   "nothing could be dropped to make room: " + log_error_, 10);
    return;
  }
  go_on_behind(to, ordinal, DropReason::full, now);
}

// What stood before `to` is gone from the log.
void Core::go_on_behind(Position to, std::optional<std::uint64_t> ordinal, DropReason reason,
                        Time now) {
  drop_before(to, ordinal, reason);
  pop_done();
  join_tail();
  resume_log();
  flush_held(now);
  submit_ready(now);
  enter_direct_if_caught_up(now);
}

}  // namespace rebuf::daemon
