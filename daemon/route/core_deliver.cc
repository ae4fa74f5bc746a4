// Messages out: submitting to the sink, its reports, its give-backs.
#include <algorithm>

#include "daemon/route/core.h"

namespace rebuf::daemon {

void Core::push_to_window(Entry* entry) {
  entry->place = window_first_ + window_.size();
  window_bytes_ += entry->framed_bytes();
  window_.push_back(entry);
}

// The oldest message that the sink holds.
Entry* Core::oldest_held() {
  if (in_sink_ == 0) return nullptr;
  std::size_t at = std::max(oldest_held_, window_first_) - window_first_;
  while (window_[at]->at_sink != Entry::AtSink::submitted) ++at;
  oldest_held_ = window_first_ + at;
  return window_[at];
}

// How many messages drain.max_rate lets go now.
double Core::rate_tokens(Time now) const {
  const auto rate = static_cast<double>(*settings_.route.drain_max_rate);
  const double elapsed_s = std::chrono::duration<double>(now - rate_at_).count();
  return std::min(rate, rate_tokens_ + rate * elapsed_s);
}

// How many messages may be handed to the sink now. The window is the span from the cursor to the
// last one submitted, so one stuck partition holds the route rather than growing without bound.
std::size_t Core::submit_allowance(Time now) const {
  if (channel_closed_ || phase_ == Phase::buffering || !dead_letter_error_.empty()) return 0;
  if (one_goes_alone()) return 0;
  const std::size_t window = settings_.route.window_max_messages + undecided_;
  std::size_t allowed = window > next_submit_ ? window - next_submit_ : 0;
  if (phase_ != Phase::draining) return allowed;
  if (!turns_.working()) return 0;
  allowed = std::min(allowed, pace_.limit() > in_sink_ ? pace_.limit() - in_sink_ : 0);
  if (rate_limited() && !stopping_)
    allowed = std::min(allowed, static_cast<std::size_t>(std::max(0.0, rate_tokens(now))));
  return allowed;
}

// Whether the only message in the sink is one that was refused before.
bool Core::one_goes_alone() const {
  if (in_sink_ == 0) return false;
  const Entry& last = *window_[next_submit_ - 1];
  return last.goes_alone && last.at_sink == Entry::AtSink::submitted;
}

// The sink takes one that it had refused: others that it refused for the same reason, say the right
// to write to a topic, may go together again.
void Core::end_solitude(const Entry& delivered) {
  for (Entry* const entry : window_)
    if (entry->refusal == delivered.refusal) entry->goes_alone = false;
}

sinks::OutMessage Core::outgoing(const Entry& entry) const {
  sinks::OutMessage message;
  message.token = entry.place + token_shift_;
  message.replayed = entry.replayed;
  message.patient = entry.request != nullptr && entry.request->patient;
  if (const auto envelope = decode(entry.envelope)) {
    message.id = envelope->id;
    message.timestamp_ms = envelope->timestamp_ms;
    message.stamped_here = envelope->timestamp_ms == envelope->arrival_ms;
    message.topic = envelope->topic;
    message.key = envelope->key;
    message.headers = envelope->headers;
    message.value = envelope->value;
  } else {
    message.id = foreign_id(settings_.id_prefix, entry.begin);
    message.timestamp_ms = settings_.foreign_timestamp_ms;
    message.stamped_here = true;
    message.topic = settings_.route.topic;
    message.value = {reinterpret_cast<const char*>(entry.envelope.data()), entry.envelope.size()};
  }
  return message;
}

// Puts what waits next into outgoing_, as far as the window allows; returns where in the window it
// ends.
std::size_t Core::choose_outgoing(std::size_t allowed) {
  outgoing_.clear();
  std::uint64_t bytes = submitted_bytes_ - undecided_bytes_;
  std::size_t at = next_submit_;
  for (; at < window_.size() && allowed > 0; ++at) {
    Entry& entry = *window_[at];
    const std::uint64_t size = entry.framed_bytes();
    if (entry.at_sink == Entry::AtSink::waiting && is_expired(entry))
      drop(entry, DropReason::expired);
    if (entry.at_sink == Entry::AtSink::waiting) {
      if (entry.goes_alone && (in_sink_ > 0 || !outgoing_.empty())) break;
      if (settings_.route.ack == config::Ack::buffered && entry.in_log != Entry::InLog::yes) break;
      // A message larger than the window is let through when nothing is before it.
      if (bytes > 0 && bytes + size > settings_.route.window_max_bytes) break;
      entry.replayed = entry.in_log == Entry::InLog::yes;
      outgoing_.push_back(outgoing(entry));
      allowed = entry.goes_alone ? 0 : allowed - 1;
    }
    bytes += size;
  }
  return at;
}

void Core::mark_submitted(std::size_t end, Time now) {
  for (; next_submit_ < end; ++next_submit_) {
    Entry& entry = *window_[next_submit_];
    submitted_bytes_ += entry.framed_bytes();
    if (entry.at_sink == Entry::AtSink::refused) {
      ++undecided_;
      undecided_bytes_ += entry.framed_bytes();
    }
    if (entry.at_sink != Entry::AtSink::waiting) continue;
    entry.at_sink = Entry::AtSink::submitted;
    entry.submitted_at = now;
    if (in_sink_++ > 0) continue;
    last_ack_ = now;  // a stall counts from when there was something to do
    pace_.resumed(now);
  }
}

void Core::submit_ready(Time now) {
  if (phase_ == Phase::draining)
    turns_.look(now, in_sink_ == 0, gap_open_ && !catching_up_ && !stopping_);
  while (submit_next(now)) {  // what is expired makes room for what is behind it
    pop_done();
    join_tail();
  }
}

// Whether it met expired messages.
bool Core::submit_next(Time now) {
  if (next_submit_ == window_.size()) return false;
  const std::uint64_t& expired = totals_.dropped[static_cast<std::size_t>(DropReason::expired)];
  const std::uint64_t expired_before = expired;
  const std::size_t end = choose_outgoing(submit_allowance(now));
  const std::size_t taken = outgoing_.empty() ? 0 : effects_.submit(outgoing_);
  if (rate_limited()) {
    rate_tokens_ = rate_tokens(now) - static_cast<double>(taken);
    rate_at_ = now;
  }
  if (taken == outgoing_.size()) {
    mark_submitted(end, now);
    return expired > expired_before;
  }
  mark_submitted(outgoing_[taken].token - token_shift_ - window_first_, now);
  channel_closed_ = true;
  enter_buffering("the sink is starting over", now);
  return false;
}

void Core::reports(std::span<const sinks::Report> reports, Time now) {
  now_ = now;
  const Entry* const oldest = oldest_held();
  bool oldest_acknowledged = false;
  bool any_back = false;
  std::size_t acknowledged = 0;
  for (const sinks::Report& report : reports) {
    const std::uint64_t first = token_shift_ + window_first_;
    if (report.token < first || report.token - first >= next_submit_) continue;
    Entry& entry = *window_[report.token - first];
    if (entry.at_sink != Entry::AtSink::submitted) continue;
    const bool delivered = report.outcome == sinks::Outcome::delivered;
    acknowledged += delivered ? 1 : 0;
    if (delivered && phase_ == Phase::draining) pace_.acknowledged(entry.submitted_at, now);
    oldest_acknowledged |= delivered && &entry == oldest;
    any_back |= report.outcome == sinks::Outcome::given_back;
    on_report(report, entry);
  }
  if (acknowledged > 0) {
    last_ack_ = now;
    sink_up_ = true;
    dead_letters_in_a_row_ = 0;
    pace_.judge(now);
  }
  if (any_back) {
    channel_closed_ = true;
    enter_buffering("the sink gave back what it held", now);
  }
  pop_done();
  join_tail();
  if (oldest_acknowledged && phase_ == Phase::buffering) note_recovery(now);
  submit_ready(now);
  flush_held(now);
  enter_direct_if_caught_up(now);
}

void Core::on_report(const sinks::Report& report, Entry& entry) {
  --in_sink_;
  switch (report.outcome) {
    case sinks::Outcome::delivered:
      return mark_delivered(entry, report);
    case sinks::Outcome::refused:
      return refused(entry, report);
    case sinks::Outcome::given_back:
      return given_back(entry, report);
  }
}

void Core::mark_delivered(Entry& entry, const sinks::Report& report) {
  ++(entry.replayed ? totals_.delivered_replay : totals_.delivered_direct);
  if (entry.goes_alone) end_solitude(entry);
  mark_done(entry);
  if (Request* request = entry.client(); request != nullptr && request->batch.size() == 1) {
    request->progress.answer.partition = report.partition;
    request->progress.answer.offset = report.offset;
  }
  resolve(entry, false);
}

void Core::given_back(Entry& entry, const sinks::Report& report) {
  entry.at_sink = Entry::AtSink::waiting;
  entry.uncertain |= report.maybe_delivered;
  drop_if_gone(entry);
}

// Nobody has it any more: neither the sink nor the log.
void Core::drop_if_gone(Entry& entry) {
  if (entry.in_log != Entry::InLog::gone) return;
  drop(entry, entry.purged ? DropReason::operator_ : DropReason::full);
}

// The sink holds nothing: what is not done waits again, under new tokens.
void Core::submit_from_front() {
  token_shift_ += window_.size();
  next_submit_ = 0;
  submitted_bytes_ = 0;
  undecided_ = 0;
  undecided_bytes_ = 0;
  oldest_held_ = window_first_;
}

// Everything of the give-back is reported. A give-back of a sink that held nothing may pass without
// notice, and what was submitted between its end and this call stands.
void Core::reopened(Time now) {
  now_ = now;
  if (!channel_closed_ || in_sink_ > 0) return;
  channel_closed_ = false;
  recall_wanted_ = false;
  submit_from_front();
  if (settings_.route.ack == config::Ack::delivered) lose_given_back();
  pop_done();
  if (phase_ == Phase::buffering && !recalled_) probe_at_ = now;
  recalled_ = false;
  submit_ready(now);
}

void Core::mark_done(Entry& entry) {
  entry.at_sink = Entry::AtSink::done;
  if (entry.in_log == Entry::InLog::yes) {
    --backlog_;
    backlog_bytes_ -= std::min(backlog_bytes_, entry.framed_bytes());
    if (backlog_ == 0) backlog_bytes_ = 0;
  } else {
    --in_flight_;
  }
}

void Core::drop(Entry& entry, DropReason reason) {
  ++totals_.dropped[static_cast<std::size_t>(reason)];
  mark_done(entry);
  entry.resolved = true;
}

void Core::note_cursor_change() {
  if (!cursor_dirty_) cursor_dirty_since_ = now_;
  cursor_dirty_ = true;
}

// Frees what is done at the window's front and moves the cursor over it.
void Core::pop_done() {
  while (!window_.empty()) {
    Entry* entry = window_.front();
    if (!entry->done() || entry->in_log == Entry::InLog::queued) return;
    if (entry->in_log == Entry::InLog::yes) {
      if (cursor_.position < entry->end) {
        cursor_.position = entry->end;
        cursor_.entry_before = entry->begin;
      }
      if (entry->has_ordinal) cursor_.ordinal = std::max(cursor_.ordinal, entry->ordinal + 1);
      note_cursor_change();
    }
    window_.pop_front();
    ++window_first_;
    window_bytes_ -= entry->framed_bytes();
    if (next_submit_ > 0) {
      --next_submit_;
      submitted_bytes_ -= entry->framed_bytes();
    }
    pool_.give_back(entry);
  }
}

}  // namespace rebuf::daemon
