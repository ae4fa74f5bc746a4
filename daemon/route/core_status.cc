// What the core says about itself.
#include <algorithm>

#include "daemon/route/core.h"

namespace rebuf::daemon {

RouteState Core::state() const {
  if (log_failed_) return RouteState::failed;
  if (phase_ == Phase::direct) return RouteState::direct;
  if (settings_.route.ack != config::Ack::delivered && refusal_now(refused_bytes_))
    return RouteState::full;
  if (paused_) return RouteState::paused;
  return phase_ == Phase::buffering ? RouteState::buffering : RouteState::draining;
}

Readiness Core::readiness() const {
  if (stopping_) return {false, "stopping"};
  if (phase_ == Phase::direct) return {true, {}};
  if (settings_.route.ack == config::Ack::delivered) return {false, why_not_delivering()};
  const auto refusal = refusal_now(refused_bytes_);
  if (!refusal || drop_makes_room(*refusal, refused_bytes_)) return {true, {}};
  return {false, refusal->detail};
}

void Core::fill(RouteSnapshot& snapshot, Time now,
                std::chrono::system_clock::time_point wall) const {
  snapshot.name = settings_.route.name;
  snapshot.sink = settings_.route.sink;
  snapshot.state = state();
  const Time since = snapshot.state == noted_state_ ? state_since_ : now;
  snapshot.since =
      wall - std::chrono::duration_cast<std::chrono::system_clock::duration>(now - since);
  if (phase_ != Phase::direct) {
    const auto refusal = refusal_now(refused_bytes_);
    snapshot.state_reason = refusal ? refusal->detail : phase_reason_;
  }
  if (paused_)
    snapshot.state_reason = std::string(paused_reason) +
                            (state() == RouteState::full ? "; " + snapshot.state_reason : "");
  else if (!dead_letter_error_.empty())
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
  if (const std::int64_t arrival_ms = oldest_arrival_ms(); arrival_ms > 0) {
    const double age = std::chrono::duration<double>(wall.time_since_epoch()).count() -
                       static_cast<double>(arrival_ms) / 1000.0;
    snapshot.oldest_age_seconds = std::max(0.0, age);
  }
}

// When the oldest message of the backlog came; 0: there is none, or nobody knows.
std::int64_t Core::oldest_arrival_ms() const {
  if (backlog_ == 0) return 0;
  const auto undone = std::find_if(window_.begin(), window_.end(), [](const Entry* entry) {
    return entry->in_log == Entry::InLog::yes && !entry->done();
  });
  if (undone == window_.end() && gap_open_) return gap_arrival_ms_;
  const Entry* const oldest = undone != window_.end() ? *undone
                              : tail_.empty()         ? nullptr
                                                      : tail_.front();
  if (oldest == nullptr) return 0;
  const auto envelope = decode(oldest->envelope);
  return envelope ? envelope->arrival_ms : 0;
}

}  // namespace rebuf::daemon
