#include "sinks/dispatch/lane.h"

#include <iterator>
#include <utility>

namespace rebuf::sinks::dispatch {

void Lane::add(std::span<const OutMessage> messages, Time now) {
  for (const OutMessage& message : messages) {
    waiting_.push_back({message, now});
    held_bytes_ += message.value.size();
  }
  held_ += messages.size();
}

Batch Lane::take(const BatchLimits& limits) {
  if (!retry_.empty()) {
    Batch batch = std::move(retry_.front());
    retry_.pop_front();
    return batch;
  }
  Batch batch;
  batch.submitted = waiting_.front().submitted;
  std::size_t bytes = 0;
  while (!waiting_.empty() && batch.messages.size() < limits.max_messages) {
    const OutMessage& message = waiting_.front().message;
    bytes += message.value.size() + 1;
    if (!batch.messages.empty() && bytes > limits.max_bytes) break;
    batch.messages.push_back(message);
    waiting_.pop_front();
  }
  return batch;
}

void Lane::put_back_rest(Batch& batch, std::size_t count) {
  if (count >= batch.messages.size()) return;
  const auto cut = batch.messages.begin() + static_cast<std::ptrdiff_t>(count);
  if (retry_.empty()) {
    for (auto last = batch.messages.end(); last != cut;)
      waiting_.push_front({*--last, batch.submitted});
  } else {
    retry_.push_front({.messages = {cut, batch.messages.end()},
                       .submitted = batch.submitted,
                       .maybe_delivered = batch.maybe_delivered});
  }
  batch.messages.erase(cut, batch.messages.end());
}

void Lane::halve(Batch batch) {
  const auto middle =
      batch.messages.begin() + static_cast<std::ptrdiff_t>(batch.messages.size() / 2);
  retry_.push_front({.messages = {middle, batch.messages.end()},
                     .submitted = batch.submitted,
                     .maybe_delivered = batch.maybe_delivered});
  batch.messages.erase(middle, batch.messages.end());
  retry_.push_front(std::move(batch));
}

void Lane::report(const Batch& batch, Outcome outcome, Refusal refusal, std::string detail) {
  Event event{.kind = Event::Kind::reports, .detail = std::move(detail)};
  event.reports.reserve(batch.messages.size());
  for (const OutMessage& message : batch.messages) {
    Report report;
    report.token = message.token;
    report.outcome = outcome;
    report.refusal = refusal;
    report.maybe_delivered = outcome == Outcome::given_back && batch.maybe_delivered;
    event.reports.push_back(report);
    held_bytes_ -= message.value.size();
  }
  held_ -= batch.messages.size();
  outbox_.push_back(std::move(event));
}

void Lane::give_back() {
  while (has_work())
    report(take({.max_messages = SIZE_MAX, .max_bytes = SIZE_MAX}), Outcome::given_back);
}

void Lane::tell(Health health, std::string reason, std::string error_class) {
  told = health.up ? Told::up : Told::down;
  outbox_.push_back({.kind = Event::Kind::health,
                     .health = health,
                     .detail = std::move(reason),
                     .error_class = std::move(error_class)});
}

void Lane::call_listener(std::vector<Event>& events) {
  for (Event& event : events) {
    switch (event.kind) {
      case Event::Kind::reports:
        for (Report& report : event.reports) report.detail = event.detail;
        listener_.on_reports(event.reports);
        break;
      case Event::Kind::health:
        event.health.reason = event.detail;
        event.health.error_class = event.error_class;
        listener_.on_health(event.health);
        break;
      case Event::Kind::reopened:
        listener_.on_reopened();
        break;
    }
  }
}

}  // namespace rebuf::sinks::dispatch
