// What the route's worker does next.
#include <algorithm>

#include "daemon/route/core.h"

namespace rebuf::daemon {
namespace {

// An unanswered probe is asked again.
constexpr std::chrono::seconds probe_timeout{15};
// While messages come in, the disk is looked at; and the active segment may have to be sealed.
constexpr std::chrono::seconds busy_after_commit{2};

}  // namespace

bool Core::wants_dead_letter(Time now) const {
  return !dead_letters_.empty() && !dead_lettering_ &&
         (dead_letter_error_.empty() || now >= dead_letter_retry_at_);
}

bool Core::wants_drop(Time now) const {
  if (settings_.route.buffer.on_full != config::OnFull::drop_oldest || dropping_ || housekeeping_ ||
      log_failed_ || phase_ == Phase::direct || now < drop_retry_at_)
    return false;
  if (suspended_ && unspilled_ && queued_.empty() && backlog_ > 0) return true;
  return !held_.empty() && queued_.empty();  // they wait for nothing else
}

bool Core::wants_reopen(Time now) const {
  return log_failed_ && !reopening_ && !stopping_ && queued_.empty() && now >= log_retry_at_;
}

// Small messages cost a multiple of their bytes in memory.
std::size_t Core::read_bytes() const {
  return std::min<std::uint64_t>(settings_.read_bytes, settings_.sink_memory / 16);
}

bool Core::wants_read(Time now) const {
  if (!gap_open_ || reading_ || phase_ != Phase::draining || log_failed_ || stopping_ ||
      !turns_.working() || now < read_retry_at_)
    return false;
  return window_bytes_ - submitted_bytes_ < settings_.read_bytes &&
         window_.size() - next_submit_ < settings_.route.window_max_messages &&
         MemoryBudget::cost(window_bytes_, window_.size()) <= settings_.sink_memory / 2;
}

Core::Time Core::next_probe() const {
  if (channel_closed_ || drain_at_ || stopping_ || paused_) return Time::max();
  if (phase_ == Phase::buffering)
    return in_sink_ == 0 || settings_.probe_while_held ? probe_at_ : Time::max();
  if (settings_.probe_rested.count() == 0 || in_sink_ > 0 || next_submit_ < window_.size())
    return Time::max();
  return std::max(probe_at_, last_ack_ + settings_.probe_rested);
}

Work Core::next_work(Time now) {
  now_ = now;
  if (recall_wanted_) {
    recall_wanted_ = false;
    return RecallWork{};
  }
  if (wants_dead_letter(now)) {
    dead_lettering_ = true;
    return DeadLetterWork{dead_letters_.front().entry, dead_letters_.front().detail};
  }
  if (auto work = housekeeping(now)) {
    housekeeping_ = true;
    commits_at_seal_ = commits_;
    if (work->save) cursor_dirty_ = false;
    return *work;
  }
  if (wants_drop(now)) {
    dropping_ = true;
    return DropOldestWork{};
  }
  if (wants_reopen(now)) {
    reopening_ = true;
    return ReopenLogWork{};
  }
  if (wants_read(now)) {
    reading_ = true;
    gap_end_at_read_ = gap_end();
    return ReadWork{gap_position_, read_bytes()};
  }
  if (wants_probe(now)) {
    probe_at_ = now + probe_timeout;
    return ProbeWork{};
  }
  return std::monostate{};
}

bool Core::has_urgent_work(Time now) const {
  return recall_wanted_ || wants_dead_letter(now) || wants_read(now) || wants_drop(now) ||
         wants_probe(now);
}

bool Core::idle(Time now) const {
  const bool log_rests = queued_.empty() && !suspended_ && !unspilled_ && !log_failed_ &&
                         !cursor_dirty_ && now - last_commit_ > busy_after_commit;
  const bool sink_rests =
      phase_ == Phase::buffering ||
      (in_sink_ == 0 && next_submit_ == window_.size() && !gap_open_ && tail_.empty());
  return log_rests && sink_rests && held_.empty() && dead_letters_.empty();
}

Clock::time_point Core::next_timer() const {
  Time next = std::min(next_expiry_, next_probe());
  if (drain_at_) next = std::min(next, *drain_at_);
  return next;
}

}  // namespace rebuf::daemon
