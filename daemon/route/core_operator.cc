// What an operator asks of a route: pause, resume, catch-up, purge.
#include "daemon/route/core.h"

namespace rebuf::daemon {

// Requests go on into the log. What the sink holds it may still deliver.
void Core::pause(Time now) {
  now_ = now;
  if (paused_) return;
  paused_ = true;
  drain_at_.reset();
  if (phase_ != Phase::buffering) return start_buffering(std::string(paused_reason), now);
  phase_at_ = now;
}

// Ends a pause, and whatever waits for its next try is tried now.
void Core::resume(Time now) {
  now_ = now;
  log_retry_at_ = now;
  housekeeping_retry_at_ = now;
  read_retry_at_ = now;
  drop_retry_at_ = now;
  dead_letter_retry_at_ = now;
  dead_letters_in_a_row_ = 0;
  if (phase_ == Phase::buffering) probe_at_ = now;
  if (!paused_) return;
  paused_ = false;
  phase_at_ = now;
  phase_reason_ = "resumed: waiting for the sink's answer";
}

// The drain goes as fast as the window lets it, without waiting for its turn, until nothing of the
// backlog is left on disk only. A sink that throttles still gets less.
void Core::catch_up(Time now) {
  now_ = now;
  if (stopping_ || (backlog_ == 0 && queued_.empty())) return;
  catching_up_ = true;
  if (too_many_dead_letters()) return;
  if (drain_at_) return enter_draining(now);
  if (phase_ != Phase::draining) return;
  pace_.begin(settings_.route.window_max_messages, settings_.route.window_max_messages, now);
  submit_ready(now);
}

void Core::purged(Position to, std::optional<std::uint64_t> ordinal, std::uint64_t log_bytes,
                  Time now) {
  now_ = now;
  log_bytes_ = log_bytes;
  go_on_behind(to, ordinal, DropReason::operator_, now);
}

// Whether drain.max_rate holds.
bool Core::rate_limited() const {
  return phase_ == Phase::draining && settings_.route.drain_max_rate && !catching_up_;
}

// For clients of ack: delivered.
std::string Core::why_not_delivering() const {
  return paused_ ? std::string(paused_reason) : "the sink is down: " + phase_reason_;
}

}  // namespace rebuf::daemon
