// Requests in: accepting them, appending them to the log, and their answers.
#include <algorithm>

#include "daemon/route/core.h"

namespace rebuf::daemon {
namespace {

constexpr std::uint32_t retry_soon_s = 1;
constexpr std::uint32_t retry_full_s = 10;

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

std::shared_ptr<Request> shared(const Entry& entry) {
  return {std::const_pointer_cast<void>(entry.owner), entry.request};
}

std::uint64_t framed_bytes(const Request& request) {
  return request.batch.bytes() + 12 * request.batch.size();
}

}  // namespace

void Core::offer(std::shared_ptr<Request> request, Time now) {
  now_ = now;
  request->progress.offered = now;
  request->progress.unresolved = static_cast<std::uint32_t>(request->batch.size());
  const auto ack = settings_.route.ack;

  if (stopping_)
    return answer_error(request, AnswerCode::stopping, "rebufd is stopping", retry_soon_s * 5);
  if (ack == config::Ack::delivered && phase_ != Phase::direct) {
    const bool older = backlog_ > 0 && sink_up_;
    return answer_error(
        request, AnswerCode::sink_down,
        older ? "an older backlog is being delivered first" : "the sink is down: " + phase_reason_,
        retry_soon_s * 5);
  }
  while (!unanswered_.empty()) {  // keeps the list as short as what is really open
    const auto front = unanswered_.front().lock();
    if (front && !front->progress.answered) break;
    unanswered_.pop_front();
  }
  if (phase_ == Phase::direct) {
    unanswered_.emplace_back(request);
    if (held_.empty() && has_direct_room())
      admit_direct(request, now);
    else
      held_.push_back(std::move(request));
    return;
  }
  const std::uint64_t bytes = framed_bytes(*request);
  if (auto refusal = refusal_now(bytes)) {
    const bool make_room = refusal->code == AnswerCode::buffer_full &&
                           settings_.route.buffer.on_full == config::OnFull::drop_oldest &&
                           bytes <= settings_.route.buffer.max_bytes / 2;
    if (!make_room)
      return answer_error(request, refusal->code, refusal->detail, refusal->retry_after_s);
    unanswered_.emplace_back(request);
    held_.push_back(std::move(request));
    return;
  }
  unanswered_.emplace_back(request);
  append_request(request, now);
  submit_ready(now);
  enter_direct_if_caught_up(now);
}

// Why a request cannot be appended now; empty when it can.
std::optional<Answer> Core::refusal_now(std::uint64_t bytes) const {
  Answer answer;
  answer.retry_after_s = retry_full_s;
  if (log_failed_) {
    answer.code = AnswerCode::log_failed;
    answer.detail = "the log failed and is being reopened: " + log_error_;
    return answer;
  }
  answer.code = AnswerCode::buffer_full;
  if (spill_failed_ || log_full_) {
    answer.detail = "the disk is full: " + log_error_;
    return answer;
  }
  if (disk_low_) {
    answer.detail = "less than limits.keep_free is left on the disk";
    return answer;
  }
  if (log_bytes_ + queued_bytes_ + bytes > settings_.route.buffer.max_bytes) {
    answer.detail = "the buffer holds buffer.max_bytes";
    return answer;
  }
  return std::nullopt;
}

// Gives the request's messages their ids and their place in the route's order.
void Core::accept(const std::shared_ptr<Request>& request, Time now, bool to_log) {
  Batch& batch = request->batch;
  const auto count = static_cast<std::uint32_t>(batch.size());
  const bool to_tail = to_log && (gap_open_ || phase_ == Phase::buffering);
  for (std::uint32_t i = 0; i < count; ++i) {
    const sinks::MessageId id = effects_.next_id();
    if (i == 0) request->progress.answer.first_id = id;
    if (i + 1 == count) request->progress.answer.last_id = id;
    const auto envelope = batch.envelope(i);
    set_id(envelope, id);

    Entry* entry = pool_.take();
    entry->owner = request;
    entry->request = request.get();
    entry->envelope = envelope;
    entry->index = i;
    entry->since = now;
    if (to_tail) {
      tail_.push_back(entry);
      tail_bytes_ += entry->framed_bytes();
    } else {
      window_.push_back(entry);
      window_bytes_ += entry->framed_bytes();
    }
    if (to_log) group_entries_.push_back(entry);
  }
  in_flight_ += count;
  totals_.accepted += count;
  totals_.accepted_bytes += batch.payload_bytes();
}

// Whether a request can go straight to the sink: nothing waits before it, and the window is not
// full.
bool Core::has_direct_room() const {
  return next_submit_ == window_.size() && window_.size() < settings_.route.window_max_messages &&
         window_bytes_ < settings_.route.window_max_bytes;
}

void Core::admit_direct(const std::shared_ptr<Request>& request, Time now) {
  accept(request, now, false);
  submit_ready(now);
}

void Core::append_request(const std::shared_ptr<Request>& request, Time now) {
  group_entries_.clear();
  accept(request, now, true);
  if (append_group(group_entries_)) return;
  // The log refused at once (closed or failed): nothing of this request was queued.
  fail_unlogged_tail(AnswerCode::log_failed);
}

void Core::flush_held(Time now) {
  while (!held_.empty()) {
    const std::shared_ptr<Request> request = held_.front();
    if (request->progress.answered) {
      held_.pop_front();
      continue;
    }
    if (phase_ == Phase::direct) {
      if (!has_direct_room()) return;
      held_.pop_front();
      admit_direct(request, now);  // may leave DIRECT, which flushes the rest
      continue;
    }
    if (settings_.route.ack == config::Ack::delivered) {
      held_.pop_front();
      answer_error(request, AnswerCode::sink_down, "the sink is down: " + phase_reason_,
                   retry_soon_s * 5);
      continue;
    }
    if (auto refusal = refusal_now(framed_bytes(*request))) {
      if (refusal->code == AnswerCode::buffer_full &&
          settings_.route.buffer.on_full == config::OnFull::drop_oldest && !drop_failed_)
        return;
      held_.pop_front();
      answer_error(request, refusal->code, refusal->detail, refusal->retry_after_s);
      continue;
    }
    held_.pop_front();
    append_request(request, now);
  }
}

// Queues entries as one group, giving them the next ordinals. False: the log takes nothing, and
// nothing changed.
bool Core::append_group(std::span<Entry* const> entries) {
  if (log_failed_) return false;
  group_.clear();
  std::uint64_t ordinal = next_ordinal_;
  for (Entry* entry : entries) {
    set_ordinal(entry->request->batch.envelope(entry->index), ordinal++);
    group_.emplace_back(entry->envelope);
  }
  const Status status = effects_.append(group_, next_tag_);
  if (!status.ok()) {
    log_failed_ = true;
    log_error_ = status.message();
    return false;
  }
  ++next_tag_;
  for (Entry* entry : entries) {
    entry->in_log = Entry::InLog::queued;
    entry->ordinal = next_ordinal_++;
    entry->has_ordinal = true;
    queued_.push_back(entry);
    queued_bytes_ += entry->framed_bytes();
  }
  groups_.push_back(entries.size());
  return true;
}

// Everything in the window that is neither in the log nor done goes to the log as one group.
void Core::spill(Time /*now*/) {
  group_entries_.clear();
  for (Entry* entry : window_) {
    const bool open =
        entry->at_sink == Entry::AtSink::waiting || entry->at_sink == Entry::AtSink::submitted;
    if (open && entry->in_log == Entry::InLog::no && entry->request != nullptr)
      group_entries_.push_back(entry);
  }
  if (group_entries_.empty()) {
    spill_failed_ = false;
    return;
  }
  if (log_full_ && !log_failed_ && queued_.empty()) {
    effects_.resume_appends();
    log_full_ = false;
  }
  spill_failed_ = !append_group(group_entries_);
}

void Core::appended(std::span<const Appended> groups, std::uint64_t log_bytes, Time now) {
  now_ = now;
  log_bytes_ = log_bytes;
  bool failed = false;
  for (const Appended& group : groups) {
    if (groups_.empty()) return;  // after give_up
    if (group.status.ok()) {
      group_committed(group, now);
    } else {
      group_failed(group, now);
      failed = true;
    }
  }
  if (failed) fail_unlogged_tail(log_failed_ ? AnswerCode::log_failed : AnswerCode::buffer_full);
  trim_tail();
  close_gap_if_met();
  pop_done();
  flush_held(now);
  submit_ready(now);
  enter_direct_if_caught_up(now);
}

void Core::group_committed(const Appended& group, Time now) {
  Position at = group.first;
  for (std::uint64_t i = groups_.front(); i > 0; --i) {
    Entry& entry = *queued_.front();
    queued_.pop_front();
    queued_bytes_ -= entry.framed_bytes();
    entry.in_log = Entry::InLog::yes;
    entry.begin = at;
    at.offset += entry.framed_bytes();
    entry.end = at;
    if (!entry.done()) {
      --in_flight_;
      ++backlog_;
      backlog_bytes_ += entry.framed_bytes();
    }
    resolve(entry, true, now);
  }
  groups_.pop_front();
  last_commit_ = now;
  sealed_active_.reset();
  spill_failed_ = false;
}

void Core::group_failed(const Appended& group, Time now) {
  next_ordinal_ = std::min(next_ordinal_, queued_.front()->ordinal);
  for (std::uint64_t i = groups_.front(); i > 0; --i) {
    Entry& entry = *queued_.front();
    queued_.pop_front();
    queued_bytes_ -= entry.framed_bytes();
    entry.in_log = Entry::InLog::no;
    entry.has_ordinal = false;
  }
  groups_.pop_front();
  if (group.status.code() == Code::cancelled) return;
  log_error_ = group.status.message();
  if (group.status.code() == Code::full) {
    log_full_ = true;
    log_retry_at_ = now + std::chrono::seconds(1);
  } else {
    log_failed_ = true;
    log_retry_at_ = now;
  }
}

// Requests whose append failed while they were nowhere else: nothing of them is kept. What is in
// the window stays: the sink has it or gets it.
void Core::fail_unlogged_tail(AnswerCode code) {
  while (!tail_.empty() && tail_.back()->in_log == Entry::InLog::no) {
    Entry* entry = tail_.back();
    tail_.pop_back();
    tail_bytes_ -= entry->framed_bytes();
    if (entry->client() != nullptr) answer_error(shared(*entry), code, log_error_, retry_full_s);
    --in_flight_;
    ++totals_.dropped[static_cast<std::size_t>(DropReason::unanswered)];
    pool_.give_back(entry);
  }
  if (phase_ != Phase::direct &&
      std::any_of(window_.begin(), window_.end(), [](const Entry* entry) {
        return entry->in_log == Entry::InLog::no && entry->request != nullptr && !entry->done();
      }))
    spill_failed_ = settings_.route.ack != config::Ack::delivered;
}

// One message of a request is safe: in the sink's hands or in the log. The first of the two counts.
void Core::resolve(Entry& entry, bool buffered, Time now) {
  if (entry.resolved) return;
  entry.resolved = true;
  Request* request = entry.client();
  if (request == nullptr) return;
  ++(buffered ? request->progress.answer.buffered : request->progress.answer.delivered);
  if (--request->progress.unresolved == 0) finish(shared(entry), now);
}

void Core::resolve_refused(Entry& entry, std::string_view detail, Time now) {
  entry.at_sink = Entry::AtSink::refused;
  if (entry.resolved) return;
  entry.resolved = true;
  Request* request = entry.client();
  if (request == nullptr) return;
  request->progress.answer.refused.push_back({entry.index, entry.refusal, std::string(detail)});
  if (--request->progress.unresolved == 0) finish(shared(entry), now);
}

// Every message of the request is resolved. Refused ones among accepted ones go to the dead letters
// before the answer does.
void Core::finish(const std::shared_ptr<Request>& request, Time /*now*/) {
  auto& progress = request->progress;
  if (progress.answer.refused.empty()) return send(request);
  const bool all = progress.answer.refused.size() == request->batch.size();
  for (Entry* entry : window_) {
    if (entry->request != request.get() || entry->at_sink != Entry::AtSink::refused) continue;
    if (all) {
      ++totals_.rejected[static_cast<std::size_t>(entry->refusal)];
      mark_done(*entry);
    } else {
      const auto found = std::find_if(
          progress.answer.refused.begin(), progress.answer.refused.end(),
          [&](const RefusedMessage& refused) { return refused.index == entry->index; });
      ++progress.unresolved;
      to_dead_letters(*entry,
                      found == progress.answer.refused.end() ? std::string() : found->detail);
    }
  }
  std::sort(progress.answer.refused.begin(), progress.answer.refused.end(),
            [](const RefusedMessage& a, const RefusedMessage& b) { return a.index < b.index; });
  if (!all) {
    if (progress.unresolved == 0) send(request);  // the policy dropped them
    return;
  }
  progress.answer.code = code_of(progress.answer.refused.front().refusal);
  progress.answer.detail = progress.answer.refused.front().detail;
  send(request);
}

void Core::send(const std::shared_ptr<Request>& request) {
  auto& progress = request->progress;
  progress.answered = true;
  progress.answer.durable = settings_.durable;
  totals_.answered[0] += progress.answer.delivered;
  totals_.answered[1] += progress.answer.buffered;
  totals_.answered[2] += progress.answer.refused.size();
  effects_.answer(request, std::move(progress.answer));
}

void Core::answer_error(const std::shared_ptr<Request>& request, AnswerCode code,
                        std::string detail, std::uint32_t retry_after_s) {
  auto& progress = request->progress;
  progress.answered = true;
  Answer answer;
  answer.code = code;
  answer.detail = std::move(detail);
  answer.retry_after_s = retry_after_s;
  if (code == AnswerCode::outcome_unknown) totals_.answered[3] += request->batch.size();
  effects_.answer(request, std::move(answer));
}

// ack: delivered, and the sink gave the message back: nobody keeps it.
void Core::answer_lost(Entry& entry, bool maybe_delivered) {
  if (Request* request = entry.client()) {
    const bool unknown = maybe_delivered || request->progress.answer.delivered > 0;
    answer_error(shared(entry), unknown ? AnswerCode::outcome_unknown : AnswerCode::sink_down,
                 "the sink gave the message back: " + phase_reason_, retry_soon_s * 5);
  }
  drop(entry, DropReason::unanswered);
}

void Core::expire_requests(Time now) {
  for (const auto& weak : unanswered_) {
    const auto request = weak.lock();
    if (!request || request->progress.answered || request->deadline > now) continue;
    const auto held = std::find(held_.begin(), held_.end(), request);
    if (held != held_.end()) {
      held_.erase(held);
      answer_error(request, AnswerCode::sink_down,
                   "the sink did not take the message in time; nothing of it was kept",
                   retry_soon_s * 5);
    } else {
      answer_error(request, AnswerCode::outcome_unknown,
                   "accepted, but neither the sink nor the log confirmed it in time; it may still "
                   "be delivered",
                   retry_soon_s * 5);
      for (Entry* entry : window_)
        if (entry->request == request.get() && entry->at_sink == Entry::AtSink::refused)
          to_dead_letters(*entry, "refused by the sink");
    }
  }
  std::erase_if(unanswered_, [](const std::weak_ptr<Request>& weak) {
    const auto request = weak.lock();
    return !request || request->progress.answered;
  });
}

}  // namespace rebuf::daemon
