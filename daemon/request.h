// One accepted request on its way: its messages, encoded, and the one answer that its client waits
// for.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "daemon/envelope.h"
#include "daemon/memory_budget.h"
#include "sinks/sink.h"

namespace rebuf::daemon {

using Clock = std::chrono::steady_clock;

// The messages of one request, encoded one behind the other. Filled by one ingest thread;
// afterwards the route that took it owns the right to write ids and ordinals into it (under its
// lock), everybody else reads.
class Batch {
 public:
  explicit Batch(MemoryBudget::Charge charge = {}) : charge_(std::move(charge)) {}
  void reserve(std::size_t messages, std::size_t bytes) {
    bytes_.reserve(bytes + messages * (envelope_fixed_bytes + 64));
    if (messages > 1) ends_.reserve(messages - 1);
  }
  void add(const Envelope& envelope) {
    if (!bytes_.empty()) ends_.push_back(static_cast<std::uint32_t>(bytes_.size()));
    encode(envelope, bytes_);
    payload_bytes_ += envelope.value.size();
  }
  [[nodiscard]] std::size_t size() const { return bytes_.empty() ? 0 : ends_.size() + 1; }
  [[nodiscard]] std::size_t bytes() const { return bytes_.size(); }           // encoded
  [[nodiscard]] std::size_t payload_bytes() const { return payload_bytes_; }  // of the values
  [[nodiscard]] std::span<std::byte> envelope(std::size_t index) {
    const std::size_t begin = index == 0 ? 0 : ends_[index - 1];
    const std::size_t end = index < ends_.size() ? ends_[index] : bytes_.size();
    return std::as_writable_bytes(std::span(bytes_)).subspan(begin, end - begin);
  }

 private:
  MemoryBudget::Charge charge_;
  std::string bytes_;                // at most 4 GiB, which max_body assures
  std::vector<std::uint32_t> ends_;  // of each envelope in bytes_ but the last
  std::size_t payload_bytes_ = 0;
};

// What a refused request or message is called in `code`; contracts: stable names.
enum class AnswerCode : std::uint8_t {
  ok,
  // refused as a whole, nothing was accepted (503 but for memory_full, 429)
  buffer_full,  // the log is at max_bytes or the disk is full
  memory_full,
  stopping,
  sink_down,   // ack: delivered, and the sink is known to be down
  log_failed,  // a sync failed; the log is being reopened
  // accepted, but nobody can say what became of it by request_timeout (503)
  outcome_unknown,
  // more than the route could ever keep (413)
  never_fits,
  // every message was refused by the sink (422)
  too_large,
  unknown_topic,
  invalid,
  auth,
  // the Idempotency-Key belongs to another request (422)
  key_reused,
};
[[nodiscard]] std::string_view to_string(AnswerCode code) noexcept;  // "buffer_full", …

struct RefusedMessage {
  std::uint32_t index = 0;  // within the request, from 0
  sinks::Refusal refusal = sinks::Refusal::none;
  std::string detail;
};

// The one answer. Exactly one of three: `code != ok` (an error for the whole request), delivered
// only (200), else buffered or partial (202 when anything is buffered, 200 otherwise).
struct Answer {
  AnswerCode code = AnswerCode::ok;
  std::string detail;               // for errors
  std::uint32_t retry_after_s = 0;  // for 429 and 503; > 0 there
  std::uint32_t delivered = 0;      // messages
  std::uint32_t buffered = 0;
  bool durable = false;                 // of the buffered ones: fdatasync returned
  std::vector<RefusedMessage> refused;  // with code ok: these lie in the dead letters
  sinks::MessageId first_id, last_id;
  std::int32_t partition = -1;  // of a single delivered message, when the sink has such
  std::int64_t offset = -1;
  bool repeated = false;  // as an earlier request with the same Idempotency-Key was answered
};

// Made by the ingest server, given to a route with Route::offer, kept alive by both until the
// answer is out and no message of it is needed any more.
class Request {
 public:
  Request(Batch batch_in, Clock::time_point deadline_in)
      : batch(std::move(batch_in)), deadline(deadline_in) {}
  virtual ~Request() = default;
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

  // Exactly once per offer, on any thread, perhaps before offer() returned; no lock held. Must not
  // block.
  virtual void on_answer(Answer&& answer) noexcept = 0;

  Batch batch;  // at least one message
  // Out of the dead letters: the messages keep their ids, and what is refused again goes back
  // there.
  bool from_dead_letters = false;
  // Its clients come seldom enough that a millisecond more, in which others join its batch, slows
  // none of them. Set by ingest before the offer.
  bool patient = false;
  const Clock::time_point
      deadline;  // answered by then (outcome_unknown if nothing better is known)

  // Owned by the route's core, under the route's lock.
  struct Progress {
    std::uint32_t unresolved = 0;
    bool answered = false;
    Clock::time_point offered;
    Answer answer;
  } progress;
};

}  // namespace rebuf::daemon
