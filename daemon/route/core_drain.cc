// The backlog: reading the gap, the durable cursor, segments that go.
#include <algorithm>

#include "daemon/route/core.h"

namespace rebuf::daemon {
namespace {

std::int64_t arrival_of(const Entry& entry) {
  const auto envelope = decode(entry.envelope);
  return envelope ? envelope->arrival_ms : 0;
}

}  // namespace

void Core::start(const Recovered& found, Time now) {
  now_ = now;
  phase_at_ = now;
  phase_reason_ = "waiting for the sink's first answer";
  probe_at_ = now;
  probe_delay_ = settings_.probe_min;
  next_ordinal_ = found.next_ordinal;
  log_bytes_ = found.log_bytes;
  cursor_.position = found.position;
  cursor_.ordinal = found.ordinal.value_or(found.next_ordinal);
  saved_position_ = found.position;
  if (found.messages == 0) return;
  totals_.recovered = found.messages;
  backlog_ = found.messages;
  backlog_bytes_ = found.bytes;
  foreign_left_ = found.without_ordinal;
  gap_open_ = true;
  gap_position_ = found.position;
  gap_ordinal_ = found.ordinal;
  gap_arrival_ms_ = found.oldest_arrival_ms;
  read_to_end_ = true;
}

// The ordinal of the first entry behind the gap.
std::uint64_t Core::gap_end() const {
  return tail_.empty() ? next_ordinal_ : tail_.front()->ordinal;
}

// Committed entries leave memory at the tail's front. While draining, half a window stays, so that
// the gap can close.
void Core::trim_tail() {
  const std::uint64_t keep = phase_ == Phase::draining ? settings_.route.window_max_bytes / 2 : 0;
  while (!tail_.empty() && tail_.front()->in_log == Entry::InLog::yes && tail_bytes_ > keep) {
    Entry* entry = tail_.front();
    if (!gap_open_) {
      gap_open_ = true;
      gap_position_ = entry->begin;
      gap_ordinal_ = entry->ordinal;
      gap_arrival_ms_ = arrival_of(*entry);
      read_to_end_ = false;
    }
    tail_.pop_front();
    tail_bytes_ -= entry->framed_bytes();
    pool_.give_back(entry);
  }
}

// The gap is read: what the tail holds follows in memory.
void Core::close_gap_if_met() {
  if (phase_ == Phase::buffering) return;
  if (gap_open_) {
    if (read_to_end_ || !gap_ordinal_ || *gap_ordinal_ < gap_end()) return;
    gap_open_ = false;
  }
  for (Entry* entry : tail_) {
    window_.push_back(entry);
    window_bytes_ += entry->framed_bytes();
  }
  tail_.clear();
  tail_bytes_ = 0;
}

bool Core::wants_read() const {
  if (!gap_open_ || reading_ || phase_ != Phase::draining || now_ < read_retry_at_ || stopping_)
    return false;
  const std::uint64_t waiting = window_bytes_ - submitted_bytes_;
  return waiting < settings_.read_bytes &&
         window_.size() - next_submit_ < settings_.route.window_max_messages;
}

void Core::lost_in_gap(std::uint64_t messages, Time /*now*/) {
  messages = std::min(messages, backlog_);
  backlog_ -= messages;
  if (backlog_ == 0) backlog_bytes_ = 0;
  totals_.dropped[static_cast<std::size_t>(DropReason::damaged)] += messages;
}

void Core::log_read(const Block& block, Time now) {
  now_ = now;
  reading_ = false;
  if (!gap_open_) return;
  const std::uint64_t end = gap_end();
  bool beyond = false;
  for (const EntryRef& ref : block.entries) {
    if (ref.begin < gap_position_) continue;  // dropped while it was read
    const auto ordinal = ordinal_of(ref.data);
    if (ordinal && *ordinal >= end) {
      beyond = true;
      break;
    }
    if (ordinal) {
      if (gap_ordinal_ && *ordinal > *gap_ordinal_) lost_in_gap(*ordinal - *gap_ordinal_, now);
      gap_ordinal_ = *ordinal + 1;
    } else if (foreign_left_ > 0) {
      --foreign_left_;
    } else {  // more than was counted at start
      ++totals_.recovered;
      ++backlog_;
    }
    Entry* entry = pool_.take();
    entry->owner = block.memory;
    entry->envelope = ref.data;
    entry->in_log = Entry::InLog::yes;
    entry->resolved = true;
    entry->has_ordinal = ordinal.has_value();
    entry->ordinal = ordinal.value_or(0);
    entry->begin = ref.begin;
    entry->end = ref.end;
    entry->since = now;
    window_.push_back(entry);
    window_bytes_ += entry->framed_bytes();
    gap_position_ = ref.end;
    gap_arrival_ms_ = arrival_of(*entry);
  }
  if (beyond) {
    read_to_end_ = false;
    if (gap_ordinal_ && *gap_ordinal_ < end) lost_in_gap(end - *gap_ordinal_, now);
    gap_ordinal_ = end;
  } else {
    gap_position_ = std::max(gap_position_, block.next);
    if (block.at_end) {  // everything that was committed when the read began has been seen
      read_to_end_ = false;
      const std::uint64_t met = std::min(gap_end_at_read_, end);
      if (!gap_ordinal_ || *gap_ordinal_ < met) {
        if (gap_ordinal_) lost_in_gap(met - *gap_ordinal_, now);
        gap_ordinal_ = met;
      }
    }
  }
  close_gap_if_met();
  submit_ready(now);
  enter_direct_if_caught_up(now);
}

void Core::log_read_failed(Time now) {
  now_ = now;
  reading_ = false;
  read_retry_at_ = now + std::chrono::seconds(1);
}

// --- the cursor and the segments behind it ---

Cursor Core::cursor() const {
  Cursor cursor = cursor_;
  Position position = cursor.position;
  if (purgeable(position)) cursor.position = position;
  if (nothing_logged()) cursor.ordinal = next_ordinal_;
  return cursor;
}

bool Core::nothing_logged() const { return backlog_ == 0 && queued_.empty() && !gap_open_; }

// The last segment that is done as a whole. Sets `cursor` to where the next undone entry begins, if
// that is better known.
std::optional<SegmentId> Core::purgeable(Position& cursor) const {
  SegmentId first_needed = cursor.segment;
  const bool in_window = backlog_ > 0 || !queued_.empty();
  const auto undone = !in_window
                          ? window_.end()
                          : std::find_if(window_.begin(), window_.end(), [](const Entry* entry) {
                              return entry->in_log != Entry::InLog::no &&
                                     !(entry->done() && entry->in_log == Entry::InLog::yes);
                            });
  if (undone != window_.end()) {
    if ((*undone)->in_log == Entry::InLog::yes) first_needed = (*undone)->begin.segment;
  } else if (gap_open_) {
    first_needed = gap_position_.segment;
  } else if (!tail_.empty()) {
    if (tail_.front()->in_log == Entry::InLog::yes) first_needed = tail_.front()->begin.segment;
  } else if (queued_.empty() && sealed_active_) {
    first_needed = *sealed_active_;
    cursor = std::max(cursor, Position{*sealed_active_, 0});
  }
  if (first_needed == 0) return std::nullopt;
  return first_needed - 1;
}

std::optional<HousekeepingWork> Core::housekeeping(Time now) const {
  if (housekeeping_ || now < housekeeping_retry_at_ || log_failed_ || reopening_)
    return std::nullopt;
  HousekeepingWork work;
  const bool idle = nothing_logged() && !sealed_active_ && log_bytes_ > 0;
  work.seal = idle && (phase_ == Phase::direct ||
                       (phase_ == Phase::draining && now - last_commit_ > std::chrono::seconds(1)));

  Position position = cursor_.position;
  const auto through = purgeable(position);
  const bool purge = through && (!purged_through_ || *through > *purged_through_);
  const bool moved = cursor_dirty_ && now - cursor_dirty_since_ >= settings_.cursor_lag;
  if (moved || purge) {
    work.save = cursor_;
    work.save->position = position;
    if (nothing_logged()) work.save->ordinal = next_ordinal_;
  }
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
    housekeeping_retry_at_ = now + std::chrono::seconds(1);
    cursor_dirty_ = true;
    if (status.code() == Code::sync_failed) {
      log_failed_ = true;
      log_retry_at_ = now;
    }
    return;
  }
  if (work.save) saved_position_ = work.save->position;
  if (work.purge_through) purged_through_ = work.purge_through;
  if (work.seal && active && nothing_logged()) sealed_active_ = active;
  flush_held(now);
}

// --- on_full: drop_oldest ---

void Core::dropped_oldest(const Status& status, Position to, std::uint64_t ordinal,
                          std::uint64_t log_bytes, Time now) {
  now_ = now;
  dropping_ = false;
  log_bytes_ = log_bytes;
  drop_failed_ = !status.ok();
  if (!status.ok()) {
    log_error_ = status.message();
    flush_held(now);
    drop_failed_ = false;
    return;
  }
  for (Entry* entry : window_) {
    if (entry->in_log != Entry::InLog::yes || !(entry->begin < to) || entry->done()) continue;
    if (entry->at_sink == Entry::AtSink::waiting) {
      drop(*entry, DropReason::full);
    } else {  // the sink or the dead letters still have it: in flight again
      --backlog_;
      backlog_bytes_ -= std::min(backlog_bytes_, entry->framed_bytes());
      ++in_flight_;
      entry->in_log = Entry::InLog::no;
    }
  }
  if (gap_open_ && gap_position_ < to) {
    const std::uint64_t gone =
        gap_ordinal_ && ordinal > *gap_ordinal_ ? std::min(ordinal - *gap_ordinal_, backlog_) : 0;
    backlog_ -= gone;
    totals_.dropped[static_cast<std::size_t>(DropReason::full)] += gone;
    gap_position_ = to;
    gap_ordinal_ = ordinal;
  }
  while (!tail_.empty() && tail_.front()->in_log == Entry::InLog::yes &&
         tail_.front()->begin < to) {
    Entry* entry = tail_.front();
    drop(*entry, DropReason::full);
    tail_.pop_front();
    tail_bytes_ -= entry->framed_bytes();
    pool_.give_back(entry);
  }
  cursor_.position = std::max(cursor_.position, to);
  cursor_.ordinal = std::max(cursor_.ordinal, ordinal);
  log_full_ = false;
  pop_done();
  close_gap_if_met();
  flush_held(now);
  submit_ready(now);
}

// Behind the last entry of the window that stands in the log.
Position Core::end_in_memory() const {
  const auto last = std::find_if(window_.rbegin(), window_.rend(), [](const Entry* entry) {
    return entry->in_log == Entry::InLog::yes;
  });
  return last == window_.rend() ? cursor_.position : (*last)->end;
}

// A failed log was opened again: entries whose commit had failed may stand there after all.
void Core::log_reopened(const Status& status, std::uint64_t next_ordinal, std::uint64_t log_bytes,
                        Time now) {
  now_ = now;
  reopening_ = false;
  if (!status.ok()) {
    log_error_ = status.message();
    log_backoff_ = std::min(log_backoff_ * 2, std::chrono::milliseconds(30'000));
    log_retry_at_ = now + log_backoff_;
    return;
  }
  log_backoff_ = std::chrono::milliseconds(1000);
  log_failed_ = false;
  log_full_ = false;
  log_bytes_ = log_bytes;
  if (next_ordinal > next_ordinal_) {
    const std::uint64_t found = next_ordinal - next_ordinal_;
    const std::uint64_t tail_begin = gap_end();
    const Position tail_position = tail_.empty() ? end_in_memory() : tail_.front()->begin;
    for (Entry* entry : tail_) pool_.give_back(entry);  // all committed: nothing was queued
    tail_.clear();
    tail_bytes_ = 0;
    if (!gap_open_) {
      gap_open_ = true;
      gap_position_ = tail_position;
      gap_ordinal_ = tail_begin;
    }
    next_ordinal_ = next_ordinal;
    totals_.recovered += found;
    backlog_ += found;
  }
  reading_ = false;
  if (phase_ == Phase::buffering) spill(now);
  flush_held(now);
}

}  // namespace rebuf::daemon
