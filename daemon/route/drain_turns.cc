#include "daemon/route/drain_turns.h"

#include <algorithm>

namespace rebuf::daemon {
namespace {

using Seconds = std::chrono::duration<double>;

constexpr double most_slowing = 0.08;  // a fifth, less what cannot be measured exactly
constexpr double least_share = 0.05;   // of the time: a backlog ends, whatever comes in
constexpr double most_share = 0.95;
constexpr Seconds shortest_rest{0.02};
constexpr Seconds longest_rest{2};
constexpr Seconds longest_least_rest{0.1};  // where requests are few, or it tells the first
constexpr Seconds shortest_work{0.1};
constexpr Seconds longest_end{1};
constexpr double kept = 0.8;            // of what was measured, from turn to turn
constexpr double enough_requests = 20;  // to compare with

}  // namespace

void DrainTurns::Measured::add(std::uint64_t more, Seconds time) {
  requests += static_cast<double>(more);
  seconds += time.count();
}

void DrainTurns::Measured::fade() {
  requests *= kept;
  seconds *= kept;
}

void DrainTurns::begin(Time now) {
  beside_ = alone_ = {};
  work(now);
  length_ = shortest_work;
}

void DrainTurns::work(Time now) {
  const double part = share();
  turn_ = Turn::works;
  since_ = now;
  requests_ = 0;
  length_ = std::max(shortest_work, least_rest() * part / (1 - part));
}

void DrainTurns::rest(Time now, bool sink_is_empty) {
  const Seconds worked = now - since_;
  beside_.fade();
  beside_.add(requests_, worked);
  const double part = share();
  turn_ = Turn::rests;
  since_ = now;
  requests_ = 0;
  alone_now_ = sink_is_empty;
  length_ = std::clamp(worked * (1 - part) / part, least_rest(), longest_rest);
}

void DrainTurns::look(Time now, bool sink_is_empty, bool may_rest) {
  if (!may_rest) {
    if (turn_ != Turn::works) work(now);
    return;
  }
  switch (turn_) {
    case Turn::works:
      if (now - since_ < length_) return;
      if (requests_ == 0) return work(now);
      turn_ = Turn::ends;
      [[fallthrough]];
    case Turn::ends:
      if (sink_is_empty || now - since_ > length_ + longest_end) rest(now, sink_is_empty);
      return;
    case Turn::rests:
      if (now - since_ < length_) return;
      if (alone_now_) {
        alone_.fade();
        alone_.add(requests_, now - since_);
      }
      return work(now);
  }
}

// Of the time, that the drain may work: so that what is accepted over all of it is at least
// 1 - most_slowing of what would be alone.
double DrainTurns::share() const {
  if (alone_.requests < enough_requests) return most_share;
  const double alone = alone_.requests / alone_.seconds;
  const double beside = beside_.requests / beside_.seconds;
  const double slowing = 1 - beside / alone;
  if (slowing <= most_slowing) return most_share;
  return std::clamp(most_slowing / slowing, least_share, most_share);
}

// So long that what is kept of several comes to twice what can be compared.
Seconds DrainTurns::least_rest() const {
  if (alone_.requests == 0) return longest_least_rest;
  const double wanted = 2 * enough_requests * (1 - kept);
  return std::clamp(Seconds(wanted * alone_.seconds / alone_.requests), shortest_rest,
                    longest_least_rest);
}

}  // namespace rebuf::daemon
