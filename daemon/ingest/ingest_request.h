// The request as the route sees it, and the hand-over of its answer to the connection: the route
// may answer on any thread, before or after it was parked.
#pragma once

#include <atomic>
#include <utility>

#include "daemon/ingest/mailbox.h"
#include "daemon/request.h"

namespace rebuf::daemon::ingest {

class IngestRequest final : public Request {
 public:
  IngestRequest(Batch batch_in, Clock::time_point deadline_in, Mailbox& mailbox,
                Connection& connection)
      : Request(std::move(batch_in), deadline_in),
        messages_(batch.size()),
        mailbox_(mailbox),
        connection_(connection) {}

  void on_answer(Answer&& answer) noexcept override {
    answer_ = std::move(answer);
    // Behind put() the connection may be gone; this object lives as long as the caller holds it.
    if (state_.exchange(State::answered, std::memory_order_acq_rel) == State::parked)
      mailbox_.put(&connection_);
  }

  // Once, after the request was offered, on the connection's thread: from here on its answer has
  // the connection resumed. It waits, or will before that thread looks into its mailbox.
  void park() {
    State expected = State::running;
    if (!state_.compare_exchange_strong(expected, State::parked, std::memory_order_acq_rel))
      mailbox_.put(&connection_);
  }
  [[nodiscard]] const Answer& answer() const { return answer_; }  // when it was resumed
  // That it came with; others may have taken the batch.
  [[nodiscard]] std::size_t messages() const { return messages_; }

 private:
  enum class State : std::uint8_t { running, parked, answered };
  const std::size_t messages_;
  Mailbox& mailbox_;
  Connection& connection_;
  std::atomic<State> state_{State::running};
  Answer answer_;
};

}  // namespace rebuf::daemon::ingest
