// Dead letters of a live route: put back into it, or deleted.
#include <algorithm>
#include <condition_variable>

#include "daemon/route/live_route.h"

namespace rebuf::daemon {
namespace {

constexpr std::size_t most_bytes_at_once = 256U << 10;
constexpr std::chrono::seconds answer_patience{15};  // less than rebufctl has
// On a message that was a dead letter: its id is older than what was delivered meanwhile.
constexpr std::string_view letter_header = "rebuf-dead-letter";

// Letters on their way through the route, as a request whose client is the replay.
class ReplayRequest final : public Request {
 public:
  ReplayRequest(Batch letters, Clock::time_point deadline_in)
      : Request(std::move(letters), deadline_in) {
    from_dead_letters = true;
  }
  void on_answer(Answer&& answer) noexcept override {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(answer);
    answered_.notify_all();
  }
  // The route answers by the deadline, if it works at all.
  std::optional<Answer> wait(std::chrono::seconds longest) {
    std::unique_lock lock(mutex_);
    answered_.wait_for(lock, longest, [this] { return answer_.has_value(); });
    return answer_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable answered_;
  std::optional<Answer> answer_;
};

// Packed, with the letter's own header among them once.
std::string with_letter_header(const sinks::HeaderList& headers) {
  std::string packed(headers.packed());
  for (const sinks::Header header : headers)
    if (header.name == letter_header) return packed;
  sinks::pack_header(packed, letter_header, "1");
  return packed;
}

// It arrives anew: buffer.max_age counts from now on.
void add_letter(Batch& batch, Bytes entry, const std::string& topic, std::int64_t now_ms) {
  const auto letter = decode_dead_letter(entry);
  const Bytes original = letter ? letter->envelope : entry;
  Envelope envelope;
  if (const auto found = decode(original)) {
    envelope = *found;
  } else {  // of another program: the whole is the value
    envelope.topic = topic;
    envelope.timestamp_ms = now_ms;
    envelope.value = {reinterpret_cast<const char*>(original.data()), original.size()};
  }
  envelope.arrival_ms = now_ms;
  const std::string headers = with_letter_header(envelope.headers);
  envelope.headers = sinks::HeaderList(headers);
  batch.add(envelope);
}

}  // namespace

Result<RouteControl::Replayed> LiveRoute::replay_dead_letters() {
  if (replaying_.exchange(true)) return Status(Code::locked, "another replay is under way");
  auto replayed = replay_some();
  replaying_ = false;
  return replayed;
}

Result<RouteControl::Replayed> LiveRoute::replay_some() {
  const auto& route = settings_.route;
  const std::size_t at_once = std::min<std::uint64_t>(
      {most_bytes_at_once, route.window_max_bytes / 2, route.buffer.max_bytes / 4});
  const auto letters = std::make_shared<Block>();
  Status status = on_worker([this, at_once, letters] {
    auto oldest = dead_letters_->oldest(at_once);
    if (oldest.ok()) *letters = std::move(*oldest);
    return oldest.status();
  });
  if (!status.ok()) return status;
  Replayed replayed;
  replayed.messages = letters->entries.size();
  if (replayed.messages == 0) return replayed;

  Batch batch;
  for (const EntryRef& entry : letters->entries)
    add_letter(batch, entry.data, route.topic, wall_ms());
  const auto request =
      std::make_shared<ReplayRequest>(std::move(batch), Clock::now() + answer_patience);
  offer(request);
  const std::optional<Answer> answer = request->wait(2 * answer_patience);
  if (!answer) return Status(Code::closed, "the dead letters stay: the route does not answer");
  if (answer->code != AnswerCode::ok)
    return Status(Code::cancelled, "the dead letters stay: " + answer->detail);

  // Only now: a crash before this repeats them and loses none.
  status = on_worker([this, letters] { return dead_letters_->pass(*letters); });
  if (!status.ok()) return status;
  replayed.dead_again = answer->refused.size();
  replayed.left = dead_letters_->count();
  say(LogLevel::info, std::to_string(replayed.messages) + " dead letters were put back");
  return replayed;
}

Result<std::uint64_t> LiveRoute::purge_dead_letters() {
  if (replaying_.exchange(true)) return Status(Code::locked, "a replay is under way");
  const auto count = std::make_shared<std::uint64_t>(0);
  const Status status = on_worker([this, count] {
    const auto purged = dead_letters_->purge();
    if (purged.ok()) *count = *purged;
    return purged.status();
  });
  replaying_ = false;
  if (!status.ok()) return status;
  say(LogLevel::warning, std::to_string(*count) + " dead letters were deleted by the operator");
  return *count;
}

}  // namespace rebuf::daemon
