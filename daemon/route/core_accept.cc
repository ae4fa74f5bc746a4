// Requests in: refused whole, or accepted whole and sent to the sink or to the log.
#include <algorithm>

#include "daemon/route/core.h"

namespace rebuf::daemon {
namespace {

constexpr std::uint32_t retry_soon_s = 5;
constexpr std::uint32_t retry_stopped_s = 1;  // a reload opens it again at once
constexpr std::uint32_t retry_full_s = 10;

std::uint64_t framed_bytes(const Request& request) {
  return request.batch.bytes() + frame_bytes * request.batch.size();
}

}  // namespace

void Core::offer(std::shared_ptr<Request> request, Time now) {
  now_ = now;
  request->progress.offered = now;
  request->progress.unresolved = static_cast<std::uint32_t>(request->batch.size());

  if (stopping_)
    return answer_error(request, AnswerCode::stopping, "the route is stopping", retry_stopped_s);
  if (settings_.route.ack == config::Ack::delivered && phase_ != Phase::direct)
    return answer_error(request, AnswerCode::sink_down,
                        backlog_ > 0 && sink_up_ ? "an older backlog is being delivered first"
                                                 : why_not_delivering(),
                        retry_soon_s);
  const auto& route = settings_.route;
  const std::uint64_t bytes = framed_bytes(*request);
  if (route.ack == config::Ack::buffered && bytes > route.buffer.max_bytes)
    return answer_error(request, AnswerCode::never_fits,
                        "the request is larger than buffer.max_bytes", 0);
  next_expiry_ = std::min(next_expiry_, request->deadline);
  if (phase_ == Phase::direct) {
    if (held_.empty() && has_direct_room(*request))
      admit_direct(request, now);
    else
      held_.push_back(std::move(request));
    return;
  }
  if (const auto refusal = refusal_now(bytes)) {
    if (drop_makes_room(*refusal, bytes)) {
      held_.push_back(std::move(request));
      return;
    }
    refused_bytes_ = std::min(bytes, route.window_max_bytes);
    return answer_error(request, refusal->code, refusal->detail, refusal->retry_after_s);
  }
  refused_bytes_ = 1;
  append_request(request, now);
  submit_ready(now);
  enter_direct_if_caught_up(now);
}

// Why `bytes` more cannot be appended now; empty when they can.
std::optional<Answer> Core::refusal_now(std::uint64_t bytes) const {
  Answer answer;
  answer.retry_after_s = retry_full_s;
  if (log_failed_) {
    answer.code = AnswerCode::log_failed;
    answer.detail = "the log failed and is being reopened: " + log_error_;
  } else if (suspended_ || unspilled_) {
    answer.code = AnswerCode::buffer_full;
    answer.detail = "the log takes nothing: " + log_error_;
  } else if (bytes > effects_.disk_room()) {
    answer.code = AnswerCode::buffer_full;
    answer.detail = "the disk has no more than limits.keep_free left";
  } else if (log_bytes_ + queued_bytes_ + bytes > settings_.route.buffer.max_bytes) {
    answer.code = AnswerCode::buffer_full;
    answer.detail = "the buffer holds buffer.max_bytes";
  } else {
    return std::nullopt;
  }
  return answer;
}

// Whether the request may wait until the oldest segment has gone.
bool Core::drop_makes_room(const Answer& refusal, std::uint64_t bytes) const {
  return refusal.code == AnswerCode::buffer_full &&
         settings_.route.buffer.on_full == config::OnFull::drop_oldest &&
         bytes <= settings_.route.buffer.max_bytes / 2;
}

// A new one, but for what comes out of the dead letters.
sinks::MessageId Core::id_for(const Request& request, Bytes envelope) {
  const auto known = request.from_dead_letters ? decode(envelope) : std::nullopt;
  if (known && known->id != sinks::MessageId{}) return known->id;
  return effects_.next_id();
}

// One entry a message, with its id, into entries_.
void Core::make_entries(const std::shared_ptr<Request>& request, Time now) {
  Batch& batch = request->batch;
  const auto count = static_cast<std::uint32_t>(batch.size());
  entries_.clear();
  effects_.begin_ids(*request);
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto envelope = batch.envelope(i);
    const sinks::MessageId id = id_for(*request, envelope);
    if (i == 0) request->progress.answer.first_id = id;
    if (i + 1 == count) request->progress.answer.last_id = id;
    set_id(envelope, id);

    Entry* entry = pool_.take();
    entry->owner = request;
    entry->request = request.get();
    entry->envelope = envelope;
    entry->index = i;
    entry->since = now;
    entries_.push_back(entry);
  }
}

void Core::count_accepted(const Request& request) {
  in_flight_ += request.batch.size();
  if (request.from_dead_letters) {
    totals_.recovered += request.batch.size();
    totals_.recovered_dead_letters += request.batch.size();
    return;
  }
  turns_.accepted();
  totals_.accepted += request.batch.size();
  totals_.accepted_bytes += request.batch.payload_bytes();
}

// Whether so many more may join the window. Its memory is bounded before they do, its messages and
// bytes as they are submitted; what is larger than the route's memory goes alone.
bool Core::has_window_room(std::uint64_t bytes, std::size_t messages) const {
  if (window_.empty()) return true;
  return window_.size() < settings_.route.window_max_messages &&
         window_bytes_ < settings_.route.window_max_bytes &&
         MemoryBudget::cost(window_bytes_ + bytes, window_.size() + messages) <=
             settings_.sink_memory;
}

bool Core::has_window_room(const Request& request) const {
  return has_window_room(framed_bytes(request), request.batch.size());
}

// Whether a request can go straight to the sink: nothing waits before it, and the window has room.
bool Core::has_direct_room(const Request& request) const {
  return next_submit_ == window_.size() && has_window_room(request);
}

void Core::admit_direct(const std::shared_ptr<Request>& request, Time now) {
  make_entries(request, now);
  count_accepted(*request);
  for (Entry* entry : entries_) push_to_window(entry);
  submit_ready(now);
}

// To the log, and into memory behind everything that is older.
void Core::append_request(const std::shared_ptr<Request>& request, Time now) {
  make_entries(request, now);
  if (!append_group(entries_)) {
    for (Entry* entry : entries_) pool_.give_back(entry);
    return answer_error(request, AnswerCode::log_failed, "the log failed: " + log_error_,
                        retry_full_s);
  }
  count_accepted(*request);
  const bool to_window =
      phase_ == Phase::draining && !gap_open_ && tail_.empty() && has_window_room(*request);
  for (Entry* entry : entries_) {
    if (to_window) {
      push_to_window(entry);
    } else {
      tail_.push_back(entry);
      tail_bytes_ += entry->framed_bytes();
    }
  }
}

// What waits for room: room in the window (DIRECT), or room in the log (drop_oldest).
void Core::flush_held(Time now) {
  while (!held_.empty()) {
    const std::shared_ptr<Request> request = held_.front();
    if (phase_ == Phase::direct) {
      if (!has_direct_room(*request)) return;
      held_.pop_front();
      admit_direct(request, now);  // may leave DIRECT, which flushes the rest
      continue;
    }
    if (settings_.route.ack == config::Ack::delivered) {
      held_.pop_front();
      answer_error(request, AnswerCode::sink_down, why_not_delivering(), retry_soon_s);
      continue;
    }
    const std::uint64_t bytes = framed_bytes(*request);
    const auto refusal = refusal_now(bytes);
    if (refusal && drop_makes_room(*refusal, bytes)) return;
    held_.pop_front();
    if (refusal)
      answer_error(request, refusal->code, refusal->detail, refusal->retry_after_s);
    else
      append_request(request, now);
  }
}

}  // namespace rebuf::daemon
