// The keeper: ends attempts whose time is up, gives messages back, lets channels go.
#include <algorithm>
#include <utility>

#include "sinks/dispatch/dispatcher.h"

namespace rebuf::sinks::dispatch {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// A cut may come before there is something to cut: it is repeated until the attempt has ended.
constexpr milliseconds cut_again_after{10};

}  // namespace

void Dispatcher::recall(Lane& lane) {
  const std::lock_guard lock(mutex_);
  if (lane.closing) return;
  lane.open = false;
  lane.closing = true;
  lane.give_back_by = steady_clock::now() + settings_.recall_grace;
  wake_keeper();
}

void Dispatcher::stop(Lane& lane, Time deadline) {
  Lock lock(mutex_);
  if (lane.let_go) return;
  lane.open = false;
  lane.stop_by = deadline;
  wake_keeper();
  let_go_.wait(lock, [&] { return lane.let_go; });
}

void Dispatcher::wake_keeper() {
  keeper_woken_ = true;
  keeping_.notify_one();
}

void Dispatcher::keep() {
  Lock lock(mutex_);
  const auto busy = [](const auto& sender) { return sender->cut_at != Time::max(); };
  while (!ending_ || std::ranges::any_of(senders_, busy)) {
    keeper_woken_ = false;
    keeper_wakes_at_ = Time::max();  // an attempt that begins meanwhile is to wake it
    const Time now = steady_clock::now();
    Time next = Time::max();
    for (Lane* lane : std::vector(lanes_)) next = std::min(next, mind(*lane, now));
    next = std::min(next, cut_overdue(now));
    tell_all(lock);
    keeper_wakes_at_ = next;
    if (keeper_woken_) continue;
    if (next == Time::max())
      keeping_.wait(lock);
    else
      keeping_.wait_until(lock, next);
  }
}

Time Dispatcher::mind(Lane& lane, Time now) {
  if (lane.stop_by && *lane.stop_by <= now && !std::exchange(lane.closing, true))
    lane.give_back_by = now;
  if (lane.closing && lane.attempts == 0) {
    lane.give_back();
    if (!lane.stop_by && lane.told_all()) {
      lane.closing = false;
      lane.open = true;
      lane.tell_reopened();
    }
  }
  if (!lane.stop_by) return Time::max();
  if (lane.held() == 0 && lane.attempts == 0 && lane.told_all()) {
    std::erase(lanes_, &lane);
    lane.let_go = true;
    let_go_.notify_all();
    return Time::max();
  }
  return lane.closing ? Time::max() : *lane.stop_by;
}

Time Dispatcher::cut_overdue(Time now) {
  Time next = Time::max();
  for (const auto& sender : senders_) {
    if (sender->cut_at == Time::max()) continue;
    if (sender->lane != nullptr && sender->lane->closing)
      sender->cut_at = std::min(sender->cut_at, sender->lane->give_back_by);
    if (ending_) sender->cut_at = std::min(sender->cut_at, now);
    if (sender->cut_at <= now) sender->transport->cut();
    next = std::min(next, std::max(sender->cut_at, now + cut_again_after));
  }
  return next;
}

}  // namespace rebuf::sinks::dispatch
