// Appends to the log, and how they end.
#include <algorithm>

#include "daemon/route/core.h"

namespace rebuf::daemon {
namespace {

constexpr std::uint32_t retry_full_s = 10;
constexpr std::chrono::milliseconds retry_pause{1000};
constexpr std::chrono::milliseconds longest_log_backoff{30'000};

}  // namespace

// Queues entries as one group with the next ordinals. False: the log takes nothing and has to be
// opened again; nothing changed.
bool Core::append_group(std::span<Entry* const> entries) {
  if (log_failed_) return false;
  group_.clear();
  std::uint64_t ordinal = next_ordinal_;
  for (const Entry* entry : entries) {
    set_ordinal(entry->request->batch.envelope(entry->index), ordinal++);
    group_.emplace_back(entry->envelope);
  }
  if (const Status status = effects_.append(group_, next_tag_); !status.ok()) {
    log_failed_ = true;
    log_error_ = status.message();
    log_retry_at_ = now_;
    return false;
  }
  ++next_tag_;
  for (Entry* entry : entries) {
    entry->in_log = Entry::InLog::queued;
    entry->ordinal = next_ordinal_++;
    entry->has_ordinal = true;
    queued_.push_back(entry);
    queued_bytes_ += entry->framed_bytes();
  }
  groups_.push_back(entries.size());
  return true;
}

void Core::appended(std::span<const Appended> groups, std::uint64_t log_bytes, Time now) {
  now_ = now;
  log_bytes_ = log_bytes;
  for (const Appended& group : groups) {
    if (group.status.ok())
      group_committed(group, now);
    else
      group_failed(group, now);
  }
  trim_tail();
  pop_done();
  join_tail();
  flush_held(now);
  submit_ready(now);
  enter_direct_if_caught_up(now);
}

void Core::group_committed(const Appended& group, Time now) {
  Position at = group.first;
  for (std::uint64_t i = groups_.front(); i > 0; --i) {
    Entry& entry = *queued_.front();
    queued_.pop_front();
    queued_bytes_ -= entry.framed_bytes();
    entry.in_log = Entry::InLog::yes;
    entry.begin = at;
    at.offset += entry.framed_bytes();
    entry.end = at;
    if (!entry.done()) {
      --in_flight_;
      ++backlog_;
      backlog_bytes_ += entry.framed_bytes();
    }
    resolve(entry, true);
    if (entry.begin < dropped_to_) drop_logged(entry, dropped_for_);  // before this report came
  }
  groups_.pop_front();
  last_commit_ = now;
  ++commits_;
  sealed_active_.reset();
}

void Core::group_failed(const Appended& group, Time now) {
  const bool unknown =
      group.status.code() == Code::sync_failed;  // the bytes may stand there all the same
  next_ordinal_ = std::min(next_ordinal_, queued_.front()->ordinal);
  dated_to_ = std::min(dated_to_, next_ordinal_);
  for (std::uint64_t i = groups_.front(); i > 0; --i) {
    Entry& entry = *queued_.front();
    queued_.pop_front();
    queued_bytes_ -= entry.framed_bytes();
    entry.in_log = Entry::InLog::no;
    entry.has_ordinal = false;
    entry.uncertain |= unknown;
    if (entry.done()) settle_dead_letter(entry, "it lies in the dead letters");
  }
  groups_.pop_front();
  suspended_ = true;
  if (group.status.code() != Code::cancelled) {
    log_error_ = group.status.message();
    log_failed_ |= group.status.code() != Code::full;
    log_retry_at_ = log_failed_ ? now : now + retry_pause;
  }
  if (!queued_.empty()) return;  // what is behind is cancelled and comes next
  fail_unlogged_tail();
  unspilled_ = phase_ != Phase::direct && settings_.route.ack != config::Ack::delivered &&
               std::any_of(window_.begin(), window_.end(), [](const Entry* entry) {
                 return entry->in_log == Entry::InLog::no && entry->open();
               });
}

// Requests whose append failed while they were nowhere else: nothing keeps them. What is in the
// window stays: the sink has it or gets it.
void Core::fail_unlogged_tail() {
  while (!tail_.empty() && tail_.back()->in_log == Entry::InLog::no) {
    Entry* entry = tail_.back();
    tail_.pop_back();
    tail_bytes_ -= entry->framed_bytes();
    if (entry->client() != nullptr) {
      const AnswerCode code = entry->uncertain ? AnswerCode::outcome_unknown
                              : log_failed_    ? AnswerCode::log_failed
                                               : AnswerCode::buffer_full;
      answer_error(entry->shared_request(), code, log_error_, retry_full_s);
    }
    drop(*entry, DropReason::unanswered);
    pool_.give_back(entry);
  }
}

// Everything in the window that is open and not in the log goes to the log as one group. Until it
// is queued, nothing new is appended (unspilled_). A window is let in only when it would fit; it
// does not when failed syncs have left copies of it behind.
void Core::spill() {
  entries_.clear();
  std::uint64_t bytes = 0;
  for (Entry* entry : window_)
    if (entry->in_log == Entry::InLog::no && entry->open()) {
      entries_.push_back(entry);
      bytes += entry->framed_bytes();
    }
  unspilled_ = !entries_.empty();
  const auto& route = settings_.route;
  if (!unspilled_ ||
      log_bytes_ + queued_bytes_ + bytes > route.buffer.max_bytes + route.window_max_bytes)
    return;
  if (suspended_ && !log_failed_ && queued_.empty()) {
    effects_.resume_appends();
    suspended_ = false;
  }
  unspilled_ = suspended_ || !append_group(entries_);
}

// After a failed append: the log takes appends again, what the window holds first.
void Core::resume_log() {
  if (log_failed_ || !queued_.empty()) return;
  if (suspended_) {
    effects_.resume_appends();
    suspended_ = false;
  }
  if (unspilled_) spill();
}

// Entries whose commit had failed may stand in the log after all. Those of the window are appended
// again, and the gap, if there is one, begins behind them; others are delivered when the gap is
// read, which their clients were told may be (outcome_unknown).
void Core::log_reopened(const Status& status, std::uint64_t next_ordinal, std::uint64_t log_bytes,
                        Time now) {
  now_ = now;
  reopening_ = false;
  if (!status.ok()) {
    log_error_ = status.message();
    log_backoff_ = std::min(log_backoff_ * 2, longest_log_backoff);
    log_retry_at_ = now + log_backoff_;
    return;
  }
  log_failed_ = false;
  suspended_ = false;
  log_backoff_ = retry_pause;
  log_bytes_ = log_bytes;
  sealed_active_.reset();
  next_ordinal_ = std::max(next_ordinal_, next_ordinal);
  if (unspilled_) spill();
  flush_held(now);
  submit_ready(now);
}

}  // namespace rebuf::daemon
