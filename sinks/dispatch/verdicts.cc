// What the end of an attempt means for the messages, for when to try again, and for what the
// listeners hear.
#include <algorithm>
#include <utility>

#include "sinks/dispatch/dispatcher.h"

namespace rebuf::sinks::dispatch {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

Health health(bool up) {
  Health health;
  health.up = up;
  return health;
}

}  // namespace

void Dispatcher::settle(Lane& lane, Batch batch, Verdict verdict, Time started) {
  lane.put_back_rest(batch, verdict.count);
  switch (verdict.result) {
    case Result::delivered:
      works(lane, started);
      lane.report(batch, Outcome::delivered);
      break;
    case Result::refused:
      works(lane, started);
      if (batch.messages.size() == 1)
        lane.report(batch, Outcome::refused, verdict.refusal, std::move(verdict.detail));
      else
        lane.halve(std::move(batch));
      break;
    case Result::throttled:
    case Result::failed:
      batch.maybe_delivered = batch.maybe_delivered || verdict.maybe_delivered;
      lane.put_back(std::move(batch));
      if (lane.closing) return;  // it was cut: that says nothing about the downstream
      if (verdict.result == Result::failed)
        fails(lane, verdict, started);
      else
        throttles(verdict, started);
      break;
  }
}

void Dispatcher::works(Lane& lane, Time started) {
  gate_.works(started);
  lane.gate.works(started);
  worked_at_ = steady_clock::now();
  if (gate_.failing()) return;
  if (!std::exchange(up_, true))
    say(LogLevel::info, "up");
  else if (lane.told == Lane::Told::down && !lane.gate.failing())
    say(LogLevel::info, "works again for route " + lane.route());
  for (Lane* each : lanes_)
    if (each->told != Lane::Told::up && !each->gate.failing()) each->tell(health(true));
}

void Dispatcher::say_down(const Lane& lane, const Verdict& verdict) const {
  if (lane.told != Lane::Told::down)
    say(LogLevel::warning, "down for route " + lane.route() + ": " + verdict.detail);
}

void Dispatcher::fails(Lane& lane, const Verdict& verdict, Time started) {
  Gate& gate = verdict.everyone ? gate_ : lane.gate;
  gate.fail(started, steady_clock::now(), settings_.retry, random_);
  last_error_ = verdict.detail;
  say_down(lane, verdict);
  lane.tell(health(false), verdict.detail, verdict.error_class);
  if (!verdict.everyone) return;
  up_ = false;
  for (Lane* other : lanes_)
    if (other->told != Lane::Told::down)
      other->tell(health(false), verdict.detail, verdict.error_class);
}

void Dispatcher::throttles(const Verdict& verdict, Time started) {
  const Time now = steady_clock::now();
  milliseconds pause = gate_.fail(started, now, settings_.retry, random_);
  if (verdict.pause.count() > 0) {
    pause = verdict.pause;
    gate_.pause_until(now + pause);
  }
  last_error_ = verdict.detail;
  for (Lane* each : lanes_) {
    Health slow = health(each->told != Lane::Told::down);
    slow.throttled_for = pause;
    each->tell(slow, verdict.detail, verdict.error_class);
  }
}

void Dispatcher::answer_probes(const Verdict& verdict) {
  Health answer = health(verdict.result == Result::delivered);
  answer.from_probe = true;
  if (answer.up)
    gate_.retry_now();
  else
    last_error_ = verdict.detail;
  for (Lane* lane : lanes_) {
    if (!std::exchange(lane->probing, false)) continue;
    if (!answer.up) say_down(*lane, verdict);
    if (answer.up && (settings_.probe_asks || lane->held() == 0)) {
      lane->gate.retry_now();
      if (!std::exchange(up_, true)) say(LogLevel::info, "up");
    }
    lane->tell(answer, verdict.detail, verdict.error_class);
  }
  const auto up = [](const Lane* lane) { return lane->told == Lane::Told::up; };
  if (!answer.up && std::ranges::none_of(lanes_, up)) up_ = false;
}

void Dispatcher::say(LogLevel level, std::string_view text) const {
  if (log_) log_(level, "sink " + settings_.name + ": " + std::string(text));
}

}  // namespace rebuf::sinks::dispatch
