#include "tests/daemon/route/sim/sim_sink.h"

#include <algorithm>

#include "tests/daemon/route/sim/sim_log.h"

namespace rebuf::daemon::sim {

std::size_t SimSink::submit(std::span<const sinks::OutMessage> messages) {
  if (closed_) return 0;
  std::size_t accepted = 0;
  for (const sinks::OutMessage& message : messages) {
    if (random_.one_in(200)) {  // it starts over at this very moment
      give_back();
      break;
    }
    if (message.token <= last_token_) throw Violation("tokens grow");
    last_token_ = message.token;
    const auto [known, is_new] = ids_.emplace(number_in(message.value), message.id.bytes);
    if (!is_new && known->second != message.id.bytes)
      throw Violation("P3: every delivery carries the same id");
    if (!held_.empty() &&
        (refused_.contains(number_in(message.value)) || refused_.contains(held_.back().number)))
      throw Violation("what was refused is tried again alone");
    held_.push_back({message.token, number_in(message.value), message.value, message.value.size(),
                     std::nullopt, false});
    ++accepted;
  }
  if (held_.size() > max_messages_) throw Violation("P4: the window's messages");
  if (held_.size() > 1 && held_bytes() > max_bytes_) throw Violation("P4: the window's bytes");
  return accepted;
}

std::uint64_t SimSink::held_bytes() const {
  std::uint64_t bytes = 0;
  for (const Held& held : held_) bytes += held.bytes;
  return bytes;
}

bool SimSink::take(std::uint64_t nth) {
  if (held_.empty() || closed_) return false;
  if (retries_ && random_.one_in(50)) forgive();
  const std::uint32_t partition = judge_.partition(held_[nth % held_.size()].number);
  for (Held& held : held_) {
    if (held.outcome || judge_.partition(held.number) != partition) continue;
    if (number_in(held.value) != held.number) throw Violation("a value changed while it was held");
    if (poison_.contains(held.number)) {
      held.outcome = sinks::Outcome::refused;
      return true;
    }
    judge_.taken(held.number);
    held.outcome = sinks::Outcome::delivered;
    return true;
  }
  return false;
}

std::vector<sinks::Report> SimSink::reports(std::size_t count) {
  std::vector<sinks::Report> reports;
  std::deque<Held> rest;
  for (Held& held : held_) {
    if (!held.outcome || reports.size() >= count || random_.one_in(4)) {
      rest.push_back(held);
      continue;
    }
    sinks::Report report;
    report.token = held.token;
    report.outcome = *held.outcome;
    report.maybe_delivered = held.maybe;
    report.detail = "simulated";
    if (report.outcome == sinks::Outcome::refused) {
      report.refusal = sinks::Refusal::too_large;
      if (retries_) refused_.insert(held.number);
    }
    if (report.outcome == sinks::Outcome::delivered && refused_.contains(held.number))
      refused_.clear();
    reports.push_back(report);
  }
  held_ = std::move(rest);
  if (random_.one_in(2)) std::reverse(reports.begin(), reports.end());
  return reports;
}

void SimSink::give_back() {
  closed_ = true;
  for (Held& held : held_) {
    const bool taken = held.outcome == sinks::Outcome::delivered;
    if (held.outcome == sinks::Outcome::refused || (taken && !random_.one_in(4))) continue;
    held.outcome = sinks::Outcome::given_back;
    held.maybe = taken;
    if (taken) judge_.maybe_repeated(held.number);
  }
}

void SimSink::crash() {
  while (!random_.one_in(3) && take(random_.next())) {
  }
  held_.clear();
  attach();
}

}  // namespace rebuf::daemon::sim
