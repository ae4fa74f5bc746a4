// Phases and timers: when the sink counts as failing, when as healthy.
#include <algorithm>

#include "daemon/route/core.h"

namespace rebuf::daemon {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A report that was under way when the sink failed is not its recovery.
constexpr milliseconds recovery_hysteresis{200};
// A phase that held this long forgives earlier failures.
constexpr seconds stable_after{10};
// Behind a throttle's end the sink gets this much to answer.
constexpr seconds throttle_grace{1};
// A pause that would end later than this behind the last acknowledgement is not slow by agreement,
// it is an outage: clients do not wait for it, nor for an endless row of short ones.
constexpr seconds longest_agreed_pause{5};
constexpr milliseconds dead_letters_pause{30'000};
constexpr std::size_t drain_start = 256;  // messages in the sink when a drain begins

}  // namespace

Core::Core(CoreSettings settings, Effects& effects)
    : settings_(std::move(settings)), effects_(effects) {}
Core::~Core() = default;

void Core::set_phase(Phase phase, Time now) {
  if (phase != phase_) phase_at_ = now;
  phase_ = phase;
  note_state(now);
}

void Core::note_state(Time now) {
  const RouteState now_in = state();
  if (now_in == noted_state_) return;
  noted_state_ = now_in;
  state_since_ = now;
}

void Core::enter_buffering(std::string reason, Time now) {
  if (phase_ == Phase::buffering) return;
  sink_up_ = false;
  last_error_ = reason;
  start_buffering(std::move(reason), now);
}

void Core::start_buffering(std::string reason, Time now) {
  drain_at_.reset();
  probe_delay_ = now - phase_at_ > stable_after ? settings_.probe_min
                                                : std::min(probe_delay_ * 2, settings_.probe_max);
  probe_at_ = now + probe_delay_;
  set_phase(Phase::buffering, now);
  phase_reason_ = std::move(reason);
  if (settings_.route.ack != config::Ack::delivered) spill();
  trim_tail();
  flush_held(now);
}

// The sink is healthy: drain, after a random pause when there is a backlog, so that a fleet does
// not return at once.
void Core::schedule_drain(Time now) {
  if (drain_at_ || stopping_ || paused_) return;
  milliseconds wait{0};
  const auto jitter = static_cast<std::uint64_t>(settings_.route.drain_jitter.count());
  if (jitter > 0 && !catching_up_ && (backlog_ > 0 || !queued_.empty()))
    wait = milliseconds(effects_.random(jitter + 1));
  if (too_many_dead_letters()) wait = std::max(wait, dead_letters_pause);
  if (wait.count() == 0) return enter_draining(now);
  drain_at_ = now + wait;
}

void Core::enter_draining(Time now) {
  drain_at_.reset();
  const std::size_t most = settings_.route.window_max_messages;
  std::size_t first = catching_up_ ? most : drain_start;
  if (too_many_dead_letters()) {
    --dead_letters_in_a_row_;  // one more, and the route waits again
    first = 1;
  }
  pace_.begin(first, most, now);
  turns_.begin(now);
  rate_tokens_ = 0;
  rate_at_ = now;
  last_ack_ = now;
  probe_at_ = now;
  set_phase(Phase::draining, now);
  phase_reason_.clear();
  join_tail();
  submit_ready(now);
  enter_direct_if_caught_up(now);
}

// Everything has been handed to the sink, and the log could take another window.
void Core::enter_direct_if_caught_up(Time now) {
  if (phase_ != Phase::draining || settings_.route.ack == config::Ack::buffered) return;
  if (gap_open_ || !tail_.empty() || next_submit_ < window_.size() || channel_closed_ ||
      !dead_letter_error_.empty() || one_goes_alone())
    return;
  if (settings_.route.ack != config::Ack::delivered && !log_has_window_room()) return;
  const Entry* oldest = oldest_held();
  if (oldest != nullptr && now - oldest->submitted_at > settings_.route.spill_after / 2) return;
  set_phase(Phase::direct, now);
  unspilled_ = false;
  flush_held(now);
}

// A slow sink is a failing sink, unless it asked for the pause.
bool Core::stalled(Time now) {
  if (phase_ == Phase::buffering) return false;
  if (now < throttled_until_ + throttle_grace &&
      throttled_until_ - last_ack_ <= longest_agreed_pause)
    return false;
  const auto limit = settings_.route.spill_after;
  const Entry* const oldest = oldest_held();
  if (phase_ == Phase::draining) return oldest != nullptr && now - last_ack_ > limit;
  if (!held_.empty() && now - held_.front()->progress.offered > limit) return true;
  if (oldest == nullptr)
    return next_submit_ < window_.size() && now - window_[next_submit_]->since > limit;
  const bool logged = oldest->in_log == Entry::InLog::yes;
  return now - (logged ? oldest->submitted_at : oldest->since) > limit;
}

void Core::tick(Time now, std::int64_t wall_ms) {
  now_ = now;
  look_at_wall_clock(wall_ms, now);
  accept_rate_.sample(totals_.accepted, now);
  deliver_rate_.sample(totals_.delivered(), now);
  if (stalled(now)) enter_buffering("no acknowledgement within spill_after", now);
  if (drain_at_ && now >= *drain_at_) enter_draining(now);
  if (phase_ == Phase::draining && !gap_open_ && tail_.empty()) catching_up_ = false;
  if (now >= log_retry_at_) resume_log();
  expire_requests(now);
  pop_done();
  flush_held(now);
  submit_ready(now);
  enter_direct_if_caught_up(now);
  note_state(now);
}

// --- the sink's health ---

// The sink acknowledged the oldest message that it holds.
void Core::note_recovery(Time now) {
  if (now - phase_at_ < recovery_hysteresis) {
    if (in_sink_ == 0) probe_at_ = now;
    return;
  }
  schedule_drain(now);
}

void Core::probe_backoff(Time now) {
  probe_delay_ = std::min(probe_delay_ * 2, settings_.probe_max);
  const auto spread = static_cast<std::uint64_t>(probe_delay_.count()) / 2 + 1;
  probe_at_ = now + probe_delay_ * 3 / 4 + milliseconds(effects_.random(spread));
}

void Core::health(const sinks::Health& health, Time now) {
  now_ = now;
  if (health.throttled_for.count() > 0) {
    throttled_until_ = std::max(throttled_until_, now + health.throttled_for);
    pace_.throttled();
  }
  if (!health.up) {
    last_error_ = health.reason;
    if (health.throttled_for.count() > 0 && !health.from_probe && sink_up_)
      return;  // slow by agreement
    sink_up_ = false;
    drain_at_.reset();
    enter_buffering(std::string(health.reason), now);
    if (dead_letter_error_.empty() && !too_many_dead_letters()) phase_reason_ = health.reason;
    if (health.from_probe) probe_backoff(now);
    return;
  }
  if (phase_ != Phase::buffering) {
    if (health.from_probe) probe_at_ = now + settings_.probe_rested;
    return;
  }
  // A probe counts only while the sink holds nothing: metadata can look fine while nothing is
  // acknowledged.
  if (in_sink_ > 0 || channel_closed_) {
    if (health.from_probe) probe_backoff(now);
    return;
  }
  sink_up_ = true;
  schedule_drain(now);
}

// --- stopping ---

void Core::stop(Time now) {
  now_ = now;
  stopping_ = true;
  drain_at_.reset();
  for (; !held_.empty(); held_.pop_front())
    answer_error(held_.front(), AnswerCode::stopping,
                 "the route is stopping; nothing of the request was kept", 1);
}

void Core::spill_for_stop(Time now) {
  now_ = now;
  if (settings_.route.ack == config::Ack::delivered) return;
  if (phase_ == Phase::buffering)
    spill();
  else
    enter_buffering("the route is stopping", now);
}

bool Core::quiet() const {
  return in_flight_ == 0 && dead_letters_.empty() && (phase_ == Phase::buffering || in_sink_ == 0);
}

}  // namespace rebuf::daemon
