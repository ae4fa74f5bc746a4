#include "daemon/ingest/ingest_request.h"

#include "daemon/ingest/connection.h"

namespace rebuf::daemon::ingest {

void IngestRequest::on_answer(Answer&& answer) noexcept {
  answer_ = std::move(answer);
  // Behind this the connection may be gone; this object lives as long as the caller holds it.
  if (state_.exchange(State::answered, std::memory_order_acq_rel) == State::parked)
    connection_.on_answered(answer_);
}

void IngestRequest::park() {
  State expected = State::running;
  if (!state_.compare_exchange_strong(expected, State::parked, std::memory_order_acq_rel))
    connection_.put_into_mailbox();
}

}  // namespace rebuf::daemon::ingest
