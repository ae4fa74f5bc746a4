// The request as the route sees it, and the hand-over of its answer to the connection: the route
// may answer on any thread, before or after it was parked.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "daemon/request.h"

namespace rebuf::daemon::ingest {

class Connection;

class IngestRequest final : public Request {
 public:
  IngestRequest(Batch batch_in, Clock::time_point deadline_in, Connection& connection)
      : Request(std::move(batch_in), deadline_in),
        messages_(batch.size()),
        connection_(connection) {}

  void on_answer(Answer&& answer) noexcept override;
  // Once, after the request was offered, on the connection's thread: from here on the connection is
  // the answering thread's. So only when nothing is left to do for it.
  void park();
  [[nodiscard]] const Answer& answer() const { return answer_; }  // when there is one
  // That it came with; others may have taken the batch.
  [[nodiscard]] std::size_t messages() const { return messages_; }

 private:
  enum class State : std::uint8_t { running, parked, answered };
  const std::size_t messages_;
  Connection& connection_;
  std::atomic<State> state_{State::running};
  Answer answer_;
};

}  // namespace rebuf::daemon::ingest
