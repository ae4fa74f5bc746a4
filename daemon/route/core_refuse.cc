// Messages that the sink refuses for what they are: back to the client, or to the dead letters.
#include <algorithm>

#include "daemon/route/core.h"

namespace rebuf::daemon {
namespace {

constexpr std::uint32_t dead_letters_in_a_row_limit = 100;
constexpr std::chrono::milliseconds retry_pause{1000};

}  // namespace

config::OnError Core::policy(sinks::Refusal refusal) const {
  switch (refusal) {
    case sinks::Refusal::too_large:
      return settings_.route.on_too_large;
    case sinks::Refusal::unknown_topic:
      return settings_.route.on_unknown_topic;
    case sinks::Refusal::auth:
      return settings_.route.on_auth;
    case sinks::Refusal::invalid:
    case sinks::Refusal::none:
      break;
  }
  return settings_.route.on_invalid;
}

void Core::refused(Entry& entry, const sinks::Report& report) {
  entry.refusal = report.refusal;
  if (policy(report.refusal) == config::OnError::retry) {
    entry.at_sink = Entry::AtSink::waiting;
    drop_if_gone(entry);
    const bool was_alone = entry.goes_alone && in_sink_ == 0;
    entry.goes_alone = true;
    if (was_alone) {  // the sink holds nothing that should stay behind it
      submit_from_front();
    } else {  // it must stay in front of what the sink holds behind it: everything comes back
      recall_wanted_ = true;
      recalled_ = true;
      channel_closed_ = true;
    }
    return enter_buffering(std::string(report.detail), now_);
  }
  if (entry.client() != nullptr && !entry.resolved && entry.in_log == Entry::InLog::no)
    resolve_refused(entry, report.detail);
  else
    to_dead_letters(entry, std::string(report.detail));
}

void Core::to_dead_letters(Entry& entry, std::string detail) {
  if (policy(entry.refusal) == config::OnError::drop) {
    ++totals_.dropped[static_cast<std::size_t>(DropReason::policy)];
    mark_done(entry);
    return settle_dead_letter(entry, detail);
  }
  entry.at_sink = Entry::AtSink::dead_letter;
  dead_letters_.push_back({&entry, std::move(detail)});
}

void Core::dead_lettered(const Status& status, Time now) {
  now_ = now;
  dead_lettering_ = false;
  if (!status.ok()) {  // full, or the disk is: the route waits
    dead_letter_error_ = status.message();
    dead_letter_retry_at_ = now + retry_pause;
    return enter_buffering("dead letters cannot be kept: " + dead_letter_error_, now);
  }
  dead_letter_error_.clear();
  Entry& entry = *dead_letters_.front().entry;
  const std::string detail = std::move(dead_letters_.front().detail);
  dead_letters_.pop_front();
  ++totals_.dead_lettered[static_cast<std::size_t>(entry.refusal)];
  mark_done(entry);
  settle_dead_letter(entry, detail);
  pop_done();
  join_tail();
  ++dead_letters_in_a_row_;
  if (too_many_dead_letters())
    enter_buffering("100 messages in a row went to the dead letters", now);
  submit_ready(now);
  flush_held(now);
  enter_direct_if_caught_up(now);
}

bool Core::too_many_dead_letters() const {
  return dead_letters_in_a_row_ >= dead_letters_in_a_row_limit;
}

}  // namespace rebuf::daemon
