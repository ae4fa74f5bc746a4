// The one answer of each request.
#include <algorithm>

#include "daemon/route/core.h"

namespace rebuf::daemon {
namespace {

constexpr std::uint32_t retry_after_s = 5;

AnswerCode code_of(sinks::Refusal refusal) {
  switch (refusal) {
    case sinks::Refusal::too_large:
      return AnswerCode::too_large;
    case sinks::Refusal::unknown_topic:
      return AnswerCode::unknown_topic;
    case sinks::Refusal::auth:
      return AnswerCode::auth;
    case sinks::Refusal::invalid:
    case sinks::Refusal::none:
      break;
  }
  return AnswerCode::invalid;
}

}  // namespace

// One message of a request is safe: acknowledged by the sink, or in the log. The first of the two
// counts.
void Core::resolve(Entry& entry, bool buffered) {
  if (entry.resolved) return;
  entry.resolved = true;
  Request* request = entry.client();
  if (request == nullptr) return;
  ++(buffered ? request->progress.answer.buffered : request->progress.answer.delivered);
  if (--request->progress.unresolved == 0) finish(entry);
}

// One message is refused; what becomes of it is decided when the rest of its request is known.
void Core::resolve_refused(Entry& entry, std::string_view detail) {
  entry.at_sink = Entry::AtSink::refused;
  entry.resolved = true;
  ++undecided_;
  undecided_bytes_ += entry.framed_bytes();
  Request* request = entry.client();
  request->progress.answer.refused.push_back({entry.index, entry.refusal, std::string(detail)});
  if (--request->progress.unresolved == 0) finish(entry);
}

void Core::decide(Entry& entry) {
  entry.at_sink = Entry::AtSink::waiting;                   // the caller moves it on
  if (entry.place - window_first_ >= next_submit_) return;  // not counted, after a give-back
  --undecided_;
  undecided_bytes_ -= entry.framed_bytes();
}

// Back to its client.
void Core::reject(Entry& entry) {
  decide(entry);
  ++totals_.rejected[static_cast<std::size_t>(entry.refusal)];
  mark_done(entry);
}

// A message is in the dead letters (or dropped by the policy). Its request may have waited for it.
void Core::settle_dead_letter(Entry& entry, std::string_view detail) {
  if (entry.resolved || entry.in_log == Entry::InLog::queued) return;
  entry.resolved = true;
  Request* request = entry.client();
  if (request == nullptr) return;
  auto& refused = request->progress.answer.refused;
  const bool listed =
      std::any_of(refused.begin(), refused.end(),
                  [&](const RefusedMessage& message) { return message.index == entry.index; });
  if (!listed) refused.push_back({entry.index, entry.refusal, std::string(detail)});
  if (--request->progress.unresolved == 0) finish(entry);
}

// Every message of the request is resolved. Refused alone, they go back to the client; refused
// among others, or out of the dead letters, they go there before the answer does.
void Core::finish(Entry& last) {
  const auto request = last.shared_request();
  auto& progress = request->progress;
  if (progress.answer.refused.empty()) return send(request);
  const std::size_t count = request->batch.size();
  // A message that was refused stands in the window, and so does what is behind it in its request.
  const std::uint64_t first = last.place - last.index;
  std::vector<Entry*> undecided;
  for (std::uint64_t place = std::max(first, window_first_); place < first + count; ++place)
    if (Entry* const entry = window_[place - window_first_];
        entry->at_sink == Entry::AtSink::refused)
      undecided.push_back(entry);
  // Those that were in the log meanwhile lie in the dead letters already.
  if (undecided.size() == count && !request->from_dead_letters) {
    for (Entry* entry : undecided) reject(*entry);
    progress.answer.code = code_of(progress.answer.refused.front().refusal);
    progress.answer.detail = progress.answer.refused.front().detail;
    return send(request);
  }
  if (undecided.empty()) return send(request);  // they are all there
  for (Entry* entry : undecided) {
    decide(*entry);
    entry->resolved = false;
  }
  progress.unresolved = static_cast<std::uint32_t>(undecided.size());
  const auto known = progress.answer.refused;  // the answer may leave within the loop
  for (Entry* entry : undecided) {
    const auto found = std::find_if(known.begin(), known.end(), [&](const auto& refused) {
      return refused.index == entry->index;
    });
    to_dead_letters(*entry, found == known.end() ? std::string() : found->detail);
  }
}

void Core::send(const std::shared_ptr<Request>& request) {
  Answer& answer = request->progress.answer;
  request->progress.answered = true;
  answer.durable = settings_.durable;
  if (!request->from_dead_letters) {
    totals_.answered[0] += answer.delivered;
    totals_.answered[1] += answer.buffered;
    totals_.answered[2] += answer.refused.size();
  }
  std::sort(answer.refused.begin(), answer.refused.end(),
            [](const RefusedMessage& a, const RefusedMessage& b) { return a.index < b.index; });
  effects_.answer(request, std::move(answer));
}

void Core::answer_error(const std::shared_ptr<Request>& request, AnswerCode code,
                        std::string detail, std::uint32_t retry_after) {
  request->progress.answered = true;
  Answer answer;
  answer.code = code;
  answer.detail = std::move(detail);
  answer.retry_after_s = retry_after;
  if (code == AnswerCode::outcome_unknown && !request->from_dead_letters)
    totals_.answered[3] += request->batch.size();
  effects_.answer(request, std::move(answer));
}

// ack: delivered, and the sink gave everything back: nobody keeps it.
void Core::lose_given_back() {
  for (Entry* entry : window_) {
    if (entry->at_sink != Entry::AtSink::waiting || entry->in_log != Entry::InLog::no) continue;
    if (Request* request = entry->client()) {
      const std::uint64_t first = entry->place - entry->index;
      bool unknown = request->progress.answer.delivered > 0;
      for (std::uint64_t place = std::max(first, window_first_);
           place < first + request->batch.size(); ++place)
        unknown |= window_[place - window_first_]->uncertain;
      answer_error(entry->shared_request(),
                   unknown ? AnswerCode::outcome_unknown : AnswerCode::sink_down,
                   "the sink gave the message back: " + phase_reason_, retry_after_s);
    }
    drop(*entry, DropReason::unanswered);
  }
  // What was refused beside them was answered with them.
  for (Entry* entry : window_)
    if (entry->at_sink == Entry::AtSink::refused && entry->client() == nullptr) reject(*entry);
}

void Core::expire_requests(Time now) {
  if (now < next_expiry_) return;
  next_expiry_ = Time::max();
  std::erase_if(held_, [&](const std::shared_ptr<Request>& request) {
    if (request->deadline > now) {
      next_expiry_ = std::min(next_expiry_, request->deadline);
      return false;
    }
    answer_error(request, phase_ == Phase::direct ? AnswerCode::sink_down : AnswerCode::buffer_full,
                 "there was no room for the message in time; nothing of it was kept",
                 retry_after_s);
    return true;
  });
  for (const auto* queue : {&window_, &tail_})
    for (Entry* entry : *queue) {
      Request* const request = entry->client();
      if (request != nullptr && request->deadline > now) {
        next_expiry_ = std::min(next_expiry_, request->deadline);
      } else if (request != nullptr) {
        answer_error(entry->shared_request(), AnswerCode::outcome_unknown,
                     "accepted, but neither the sink nor the log confirmed it in time; it may "
                     "still be delivered",
                     retry_after_s);
      }
      if (entry->at_sink == Entry::AtSink::refused && entry->client() == nullptr) {
        decide(*entry);
        to_dead_letters(*entry, "refused by the sink");
      }
    }
}

void Core::give_up(Time now) {
  now_ = now;
  if (settings_.route.ack == config::Ack::delivered) lose_given_back();
  for (const auto* queue : {&window_, &tail_})
    for (Entry* entry : *queue) {
      if (entry->done() || entry->in_log == Entry::InLog::yes) continue;
      if (entry->client() != nullptr)
        answer_error(entry->shared_request(), AnswerCode::outcome_unknown,
                     "rebufd stopped before the sink or the log confirmed the message",
                     retry_after_s);
      drop_if_gone(*entry);
      if (!entry->done()) drop(*entry, DropReason::unanswered);
    }
}

}  // namespace rebuf::daemon
