// Messages out: submitting to the sink, its reports, give-backs, dead letters.
#include <algorithm>
#include <limits>

#include "daemon/route/core.h"
#include "daemon/route/foreign.h"

namespace rebuf::daemon {
namespace {

constexpr std::size_t drain_start = 256;  // messages in the sink when a drain begins
constexpr std::size_t drain_least = 16;
constexpr std::uint32_t dead_letters_in_a_row_limit = 100;

}  // namespace

// How many messages may be handed to the sink now.
std::size_t Core::submit_allowance(Time now) const {
  if (channel_closed_ || phase_ == Phase::buffering || !dead_letter_error_.empty()) return 0;
  const std::size_t window = settings_.route.window_max_messages;
  std::size_t allowed = window > next_submit_ ? window - next_submit_ : 0;
  if (phase_ == Phase::draining) {
    allowed = std::min(allowed, drain_limit_ > in_sink_ ? drain_limit_ - in_sink_ : 0);
    if (settings_.route.drain_max_rate && !stopping_) {
      const double rate = static_cast<double>(*settings_.route.drain_max_rate);
      const double tokens = std::min(
          rate, rate_tokens_ + rate * std::chrono::duration<double>(now - rate_at_).count());
      allowed = std::min(allowed, static_cast<std::size_t>(tokens));
    }
  }
  return allowed;
}

sinks::OutMessage Core::outgoing(const Entry& entry, sinks::Token token) const {
  sinks::OutMessage message;
  message.token = token;
  message.replayed = entry.replayed;
  if (const auto envelope = decode(entry.envelope)) {
    message.id = envelope->id;
    message.timestamp_ms = envelope->timestamp_ms;
    message.topic = envelope->topic;
    message.key = envelope->key;
    message.headers = envelope->headers;
    message.value = envelope->value;
  } else {
    message.id = foreign_id(settings_.id_prefix, entry.begin);
    message.timestamp_ms = settings_.foreign_timestamp_ms;
    message.topic = settings_.route.topic;
    message.value = {reinterpret_cast<const char*>(entry.envelope.data()), entry.envelope.size()};
  }
  return message;
}

void Core::submit_ready(Time now) {
  while (next_submit_ < window_.size()) {
    std::size_t allowed = submit_allowance(now);
    const std::size_t first = next_submit_;
    std::size_t at = first;
    std::uint64_t bytes = submitted_bytes_;
    outgoing_.clear();
    for (; at < window_.size() && allowed > 0; ++at) {
      Entry& entry = *window_[at];
      const std::uint64_t size = entry.framed_bytes();
      if (entry.at_sink == Entry::AtSink::waiting) {
        if (settings_.route.ack == config::Ack::buffered && entry.in_log != Entry::InLog::yes)
          break;
        // A message larger than the window goes alone.
        if (bytes + size > settings_.route.window_max_bytes && (bytes > 0 || !outgoing_.empty()))
          break;
        entry.replayed = entry.in_log == Entry::InLog::yes;
        outgoing_.push_back(outgoing(entry, window_base_ + at));
        --allowed;
      }
      bytes += size;
    }
    if (at == first) return;
    const std::size_t taken = outgoing_.empty() ? 0 : effects_.submit(outgoing_);
    const bool closed = taken < outgoing_.size();
    const std::size_t end =
        closed ? static_cast<std::size_t>(outgoing_[taken].token - window_base_) : at;
    for (; next_submit_ < end; ++next_submit_) {
      Entry& entry = *window_[next_submit_];
      submitted_bytes_ += entry.framed_bytes();
      if (entry.at_sink != Entry::AtSink::waiting) continue;
      entry.at_sink = Entry::AtSink::submitted;
      entry.submitted_at = now;
      if (in_sink_++ == 0)
        last_ack_ = now;  // a stall is counted from when there was something to acknowledge
    }
    if (phase_ == Phase::draining && settings_.route.drain_max_rate) {
      const double rate = static_cast<double>(*settings_.route.drain_max_rate);
      rate_tokens_ =
          std::min(rate,
                   rate_tokens_ + rate * std::chrono::duration<double>(now - rate_at_).count()) -
          static_cast<double>(taken);
      rate_at_ = now;
    }
    if (closed) {
      channel_closed_ = true;
      enter_buffering("the sink is starting over", now);
      return;
    }
    if (outgoing_.empty() && end == first) return;
  }
}

void Core::reports(std::span<const sinks::Report> reports, Time now) {
  now_ = now;
  const Entry* const oldest = oldest_submitted();
  bool oldest_acknowledged = false;
  bool any_back = false;
  std::size_t acknowledged = 0;
  for (const sinks::Report& report : reports) {
    const std::uint64_t index = report.token - window_base_;
    if (report.token < window_base_ || index >= next_submit_) continue;
    Entry& entry = *window_[index];
    if (entry.at_sink != Entry::AtSink::submitted) continue;
    --in_sink_;
    switch (report.outcome) {
      case sinks::Outcome::delivered:
        ++acknowledged;
        oldest_acknowledged |= &entry == oldest;
        mark_delivered(entry, report, now);
        break;
      case sinks::Outcome::refused:
        refused(entry, report, now);
        break;
      case sinks::Outcome::given_back:
        any_back = true;
        given_back(entry, report, now);
        break;
    }
  }
  if (acknowledged > 0) {
    last_ack_ = now;
    sink_up_ = true;
    dead_letters_in_a_row_ = 0;
    if (phase_ == Phase::draining)
      drain_limit_ =
          std::min<std::size_t>(drain_limit_ + acknowledged, settings_.route.window_max_messages);
  }
  if (any_back) {
    channel_closed_ = true;
    if (phase_ != Phase::buffering) enter_buffering("the sink gave back what it held", now);
  }
  pop_done();
  if (oldest_acknowledged && phase_ == Phase::buffering) note_recovery(now);
  submit_ready(now);
  flush_held(now);
  enter_direct_if_caught_up(now);
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

void Core::mark_delivered(Entry& entry, const sinks::Report& report, Time now) {
  ++(entry.replayed ? totals_.delivered_replay : totals_.delivered_direct);
  mark_done(entry);
  if (Request* request = entry.client(); request != nullptr && request->batch.size() == 1) {
    request->progress.answer.partition = report.partition;
    request->progress.answer.offset = report.offset;
  }
  resolve(entry, false, now);
}

void Core::given_back(Entry& entry, const sinks::Report& report, Time /*now*/) {
  entry.at_sink = Entry::AtSink::waiting;
  if (settings_.route.ack == config::Ack::delivered && entry.in_log == Entry::InLog::no)
    answer_lost(entry, report.maybe_delivered);
}

config::OnError Core::policy(sinks::Refusal refusal) const {
  switch (refusal) {
    case sinks::Refusal::too_large:
      return settings_.route.on_too_large;
    case sinks::Refusal::unknown_topic:
      return settings_.route.on_unknown_topic;
    case sinks::Refusal::auth:
      return settings_.route.on_auth;
    case sinks::Refusal::invalid:
    case sinks::Refusal::none:
      break;
  }
  return settings_.route.on_invalid;
}

void Core::refused(Entry& entry, const sinks::Report& report, Time now) {
  entry.refusal = report.refusal;
  const auto what = policy(report.refusal);
  if (what == config::OnError::retry) {
    entry.at_sink = Entry::AtSink::waiting;
    last_error_ = report.detail;
    recall_wanted_ = true;
    channel_closed_ = true;
    recalled_ = true;
    if (settings_.route.ack == config::Ack::delivered && entry.in_log == Entry::InLog::no)
      answer_lost(entry, false);
    if (phase_ != Phase::buffering) enter_buffering(std::string(report.detail), now);
    return;
  }
  if (!entry.resolved && entry.client() != nullptr && entry.in_log == Entry::InLog::no) {
    resolve_refused(entry, report.detail, now);
    return;
  }
  to_dead_letters(entry, std::string(report.detail));
}

// A message whose request was or will be answered 2xx, and which the sink refuses for what it is.
void Core::to_dead_letters(Entry& entry, std::string detail) {
  if (policy(entry.refusal) == config::OnError::drop) {
    if (Request* request = entry.client();
        request != nullptr && entry.at_sink == Entry::AtSink::refused)
      --request->progress.unresolved;
    drop(entry, DropReason::policy);
    return;
  }
  entry.at_sink = Entry::AtSink::dead_letter;
  dead_letters_.push_back({&entry, std::move(detail)});
}

void Core::dead_lettered(Entry* entry, const Status& status, Time now) {
  now_ = now;
  dead_lettering_ = false;
  if (!status.ok()) {
    dead_letter_error_ = status.message();
    dead_letter_retry_at_ = now + std::chrono::seconds(1);
    return;
  }
  dead_letter_error_.clear();
  dead_letters_.pop_front();
  ++totals_.dead_lettered[static_cast<std::size_t>(entry->refusal)];
  mark_done(*entry);
  if (Request* request = entry->client(); request != nullptr && entry->in_log == Entry::InLog::no) {
    if (!entry->resolved) {  // its append failed meanwhile
      entry->resolved = true;
      request->progress.answer.refused.push_back(
          {entry->index, entry->refusal, "it lies in the dead letters"});
    }
    if (--request->progress.unresolved == 0)
      send({std::const_pointer_cast<void>(entry->owner), request});
  }
  pop_done();
  if (++dead_letters_in_a_row_ >= dead_letters_in_a_row_limit && phase_ != Phase::buffering)
    enter_buffering("100 messages in a row went to the dead letters", now);
  submit_ready(now);
  flush_held(now);
  enter_direct_if_caught_up(now);
}

void Core::drop(Entry& entry, DropReason reason) {
  ++totals_.dropped[static_cast<std::size_t>(reason)];
  mark_done(entry);
  entry.resolved = true;
}

// Frees what is done at the window's front and moves the cursor over it.
void Core::pop_done() {
  while (!window_.empty()) {
    Entry* entry = window_.front();
    if (!entry->done() || entry->in_log == Entry::InLog::queued) return;
    if (entry->in_log == Entry::InLog::yes) {
      cursor_.position = std::max(cursor_.position, entry->end);
      if (entry->has_ordinal) cursor_.ordinal = entry->ordinal + 1;
      if (!cursor_dirty_) cursor_dirty_since_ = now_;
      cursor_dirty_ = true;
    }
    window_.pop_front();
    ++window_base_;
    window_bytes_ -= entry->framed_bytes();
    if (next_submit_ > 0) {
      --next_submit_;
      submitted_bytes_ -= entry->framed_bytes();
    }
    pool_.give_back(entry);
  }
}

// After a give-back everything that is not done waits again, under new tokens.
void Core::rewind_submission() {
  window_base_ += window_.size();
  next_submit_ = 0;
  submitted_bytes_ = 0;
}

void Core::reopened(Time now) {
  now_ = now;
  channel_closed_ = false;
  rewind_submission();
  if (phase_ == Phase::buffering && !recalled_) probe_at_ = now;
  recalled_ = false;
  submit_ready(now);
}

void Core::health(const sinks::Health& health, Time now) {
  now_ = now;
  if (health.from_probe) probing_ = false;
  if (health.throttled_for.count() > 0) {
    throttled_until_ = std::max(throttled_until_, now + health.throttled_for);
    drain_limit_ = std::max(drain_least, drain_limit_ / 2);
  }
  if (!health.up) {
    last_error_ = health.reason;
    if (health.throttled_for.count() > 0 && !health.from_probe && sink_up_)
      return;  // slow by agreement
    sink_up_ = false;
    drain_at_.reset();
    if (phase_ != Phase::buffering) enter_buffering(std::string(health.reason), now);
    if (health.from_probe) probe_backoff(now);
    return;
  }
  // A probe counts only while the sink holds nothing: metadata can look fine while nothing is
  // acknowledged.
  if (in_sink_ > 0 || channel_closed_) return;
  sink_up_ = true;
  if (phase_ == Phase::buffering) schedule_drain(now);
}

void Core::schedule_drain(Time now) {
  if (drain_at_ || stopping_) return;
  const auto jitter = settings_.route.drain_jitter;
  const bool backlog = backlog_ > 0 || !queued_.empty();
  std::chrono::milliseconds wait{0};
  if (jitter.count() > 0 && backlog)
    wait =
        std::chrono::milliseconds(effects_.random(static_cast<std::uint64_t>(jitter.count()) + 1));
  if (dead_letters_in_a_row_ >= dead_letters_in_a_row_limit)
    wait = std::max(wait, std::chrono::milliseconds(30'000));
  drain_at_ = now + wait;
  if (wait.count() == 0) enter_draining(now);
}

void Core::enter_draining(Time now) {
  drain_at_.reset();
  drain_limit_ = std::min<std::size_t>(drain_start, settings_.route.window_max_messages);
  if (dead_letters_in_a_row_ >= dead_letters_in_a_row_limit) {
    dead_letters_in_a_row_ =
        dead_letters_in_a_row_limit - 1;  // one more, and the route waits again
    drain_limit_ = 1;
  }
  rate_tokens_ = 0;
  rate_at_ = now;
  last_ack_ = now;
  set_phase(Phase::draining, now);
  phase_reason_.clear();
  close_gap_if_met();
  submit_ready(now);
  enter_direct_if_caught_up(now);
}

}  // namespace rebuf::daemon
