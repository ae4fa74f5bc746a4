// Phases, timers, stopping, and what the core says about itself.
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
// An unanswered probe is asked again.
constexpr seconds probe_timeout{15};

}  // namespace

Core::Core(CoreSettings settings, Effects& effects)
    : settings_(std::move(settings)), effects_(effects) {}
Core::~Core() = default;

void Core::set_phase(Phase phase, Time now) {
  if (phase != phase_) phase_at_ = now;
  phase_ = phase;
}

void Core::enter_buffering(std::string reason, Time now) {
  if (phase_ == Phase::buffering) return;
  drain_at_.reset();
  probe_delay_ = now - phase_at_ > stable_after ? settings_.probe_min
                                                : std::min(probe_delay_ * 2, settings_.probe_max);
  probe_at_ = now + probe_delay_;
  set_phase(Phase::buffering, now);
  sink_up_ = false;
  last_error_ = reason;
  phase_reason_ = std::move(reason);
  if (settings_.route.ack != config::Ack::delivered) spill(now);
  trim_tail();
  flush_held(now);
}

void Core::enter_direct_if_caught_up(Time now) {
  if (phase_ != Phase::draining || settings_.route.ack == config::Ack::buffered) return;
  if (gap_open_ || !tail_.empty() || next_submit_ < window_.size() || channel_closed_ ||
      !dead_letter_error_.empty())
    return;
  const Entry* oldest = oldest_submitted();
  if (oldest != nullptr && now - oldest->submitted_at > settings_.route.spill_after / 2) return;
  set_phase(Phase::direct, now);
  spill_failed_ = false;
  flush_held(now);
}

const Entry* Core::oldest_submitted() const {
  if (in_sink_ == 0) return nullptr;
  for (const Entry* entry : window_)
    if (entry->at_sink == Entry::AtSink::submitted) return entry;
  return nullptr;
}

// A slow sink is a failing sink, unless it asked for the pause.
bool Core::stalled(Time now) const {
  if (phase_ == Phase::buffering || now < throttled_until_ + seconds(1)) return false;
  const auto limit = settings_.route.spill_after;
  if (phase_ == Phase::direct && !held_.empty() && now - held_.front()->progress.offered > limit)
    return true;
  const Entry* oldest = oldest_submitted();
  if (oldest == nullptr) return false;
  if (phase_ == Phase::draining) return now - last_ack_ > limit;
  return now - (oldest->in_log == Entry::InLog::no ? oldest->since : oldest->submitted_at) > limit;
}

// The sink acknowledged the oldest message that it holds.
void Core::note_recovery(Time now) {
  if (now - phase_at_ < recovery_hysteresis) {
    if (in_sink_ == 0) probe_at_ = now;
    return;
  }
  sink_up_ = true;
  schedule_drain(now);
}

void Core::probe_backoff(Time now) {
  probe_delay_ = std::min(probe_delay_ * 2, settings_.probe_max);
  const auto spread = static_cast<std::uint64_t>(probe_delay_.count()) / 2 + 1;
  probe_at_ = now + probe_delay_ * 3 / 4 + milliseconds(effects_.random(spread));
}

void Core::tick(Time now, bool disk_low) {
  now_ = now;
  disk_low_ = disk_low;
  accept_rate_.sample(totals_.accepted, now);
  deliver_rate_.sample(totals_.delivered(), now);
  if (stalled(now)) enter_buffering("no acknowledgement within spill_after", now);
  if (drain_at_ && now >= *drain_at_) enter_draining(now);
  if (log_full_ && !log_failed_ && now >= log_retry_at_ && queued_.empty()) {
    effects_.resume_appends();
    log_full_ = false;
    if (phase_ == Phase::buffering && spill_failed_)
      spill(now);
    else
      spill_failed_ = false;
  }
  expire_requests(now);
  flush_held(now);
  submit_ready(now);
  enter_direct_if_caught_up(now);
}

void Core::stop(Time now) {
  now_ = now;
  stopping_ = true;
  while (!held_.empty()) {
    const auto request = held_.front();
    held_.pop_front();
    if (!request->progress.answered)
      answer_error(request, AnswerCode::stopping,
                   "rebufd is stopping; nothing of the request was kept", 5);
  }
}

void Core::spill_for_stop(Time now) {
  now_ = now;
  if (settings_.route.ack == config::Ack::delivered) return;
  if (phase_ == Phase::buffering)
    spill(now);
  else
    enter_buffering("rebufd is stopping", now);
}

void Core::give_up(Time now) {
  now_ = now;
  for (const auto& weak : unanswered_) {
    const auto request = weak.lock();
    if (request && !request->progress.answered)
      answer_error(request, AnswerCode::outcome_unknown,
                   "rebufd stopped before the sink or the log confirmed the message", 5);
  }
  unanswered_.clear();
}

bool Core::quiet() const {
  return in_flight_ == 0 && dead_letters_.empty() && (phase_ == Phase::buffering || in_sink_ == 0);
}

// --- work ---

bool Core::wants_drop() const {
  if (settings_.route.buffer.on_full != config::OnFull::drop_oldest || dropping_ || housekeeping_ ||
      log_failed_ || phase_ == Phase::direct)
    return false;
  if (spill_failed_ && backlog_ > 0) return true;
  if (held_.empty()) return false;
  const auto refusal = refusal_now(held_.front()->batch.bytes() + 12 * held_.front()->batch.size());
  return refusal && refusal->code == AnswerCode::buffer_full;
}

bool Core::wants_probe(Time now) const {
  return phase_ == Phase::buffering && in_sink_ == 0 && !channel_closed_ && !drain_at_ &&
         !stopping_ && now >= probe_at_;
}

bool Core::has_urgent_work(Time now) const {
  return recall_wanted_ || wants_dead_letter(now) || wants_read() || wants_drop() ||
         wants_probe(now);
}

bool Core::idle() const {
  return in_flight_ == 0 && backlog_ == 0 && held_.empty() && phase_ == Phase::direct;
}

bool Core::wants_dead_letter(Time now) const {
  return !dead_letters_.empty() && !dead_lettering_ &&
         (dead_letter_error_.empty() || now >= dead_letter_retry_at_);
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
  if (auto work = housekeeping(now); work && !dropping_) {
    housekeeping_ = true;
    if (work->save) cursor_dirty_ = false;
    return *work;
  }
  if (wants_drop()) {
    dropping_ = true;
    return DropOldestWork{};
  }
  if (log_failed_ && !reopening_ && !stopping_ && now >= log_retry_at_ && queued_.empty()) {
    reopening_ = true;
    return ReopenLogWork{};
  }
  if (wants_read()) {
    reading_ = true;
    gap_end_at_read_ = gap_end();
    return ReadWork{gap_position_, settings_.read_bytes};
  }
  if (wants_probe(now)) {
    probing_ = true;
    probe_at_ = now + probe_timeout;
    return ProbeWork{};
  }
  return std::monostate{};
}

// --- what it says about itself ---

RouteState Core::state() const {
  if (log_failed_) return RouteState::failed;
  switch (phase_) {
    case Phase::direct:
      return RouteState::direct;
    case Phase::buffering:
    case Phase::draining:
      break;
  }
  if (settings_.route.ack != config::Ack::delivered && refusal_now(1)) return RouteState::full;
  return phase_ == Phase::buffering ? RouteState::buffering : RouteState::draining;
}

Readiness Core::readiness() const {
  if (stopping_) return {false, "stopping"};
  if (phase_ == Phase::direct) return {true, {}};
  if (settings_.route.ack == config::Ack::delivered)
    return {false, "the sink is down: " + phase_reason_};
  const auto refusal = refusal_now(1);
  if (!refusal) return {true, {}};
  if (refusal->code == AnswerCode::buffer_full &&
      settings_.route.buffer.on_full == config::OnFull::drop_oldest)
    return {true, {}};
  return {false, refusal->detail};
}

void Core::fill(RouteSnapshot& snapshot, Time now,
                std::chrono::system_clock::time_point wall) const {
  snapshot.name = settings_.route.name;
  snapshot.sink = settings_.route.sink;
  snapshot.state = state();
  snapshot.since =
      wall - std::chrono::duration_cast<std::chrono::system_clock::duration>(now - phase_at_);
  snapshot.state_reason = phase_ == Phase::direct ? std::string() : phase_reason_;
  if (const auto refusal = refusal_now(1); refusal && phase_ != Phase::direct)
    snapshot.state_reason = refusal->detail;
  if (!dead_letter_error_.empty())
    snapshot.state_reason = "dead letters cannot be kept: " + dead_letter_error_;
  snapshot.backlog_messages = backlog_;
  snapshot.backlog_bytes = backlog_bytes_;
  snapshot.capacity_bytes = settings_.route.buffer.max_bytes;
  snapshot.in_flight = in_flight_;
  snapshot.accept_rate = accept_rate_.per_second();
  snapshot.deliver_rate = deliver_rate_.per_second();
  snapshot.sink_up = sink_up_;
  snapshot.last_error = last_error_;
  snapshot.totals = totals_;
  if (phase_ == Phase::draining && backlog_ > 0 && snapshot.deliver_rate > snapshot.accept_rate)
    snapshot.eta_seconds =
        static_cast<double>(backlog_) / (snapshot.deliver_rate - snapshot.accept_rate);

  std::int64_t arrival_ms = 0;
  const auto undone = std::find_if(window_.begin(), window_.end(), [](const Entry* entry) {
    return entry->in_log == Entry::InLog::yes && !entry->done();
  });
  if (undone != window_.end()) {
    if (const auto envelope = decode((*undone)->envelope)) arrival_ms = envelope->arrival_ms;
  } else if (gap_open_) {
    arrival_ms = gap_arrival_ms_;
  } else if (!tail_.empty() && backlog_ > 0) {
    if (const auto envelope = decode(tail_.front()->envelope)) arrival_ms = envelope->arrival_ms;
  }
  if (arrival_ms > 0) {
    const double age = std::chrono::duration<double>(wall.time_since_epoch()).count() -
                       static_cast<double>(arrival_ms) / 1000.0;
    snapshot.oldest_age_seconds = std::max(0.0, age);
  }
}

}  // namespace rebuf::daemon
