// Clients of idempotency keys, and answers of a route for them.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "daemon/idempotency/fingerprint.h"
#include "daemon/request.h"

namespace rebuf::daemon::idempotency_test {

// Waits for its answer, from any thread.
class Client final : public Request {
 public:
  explicit Client(const std::string& body, Clock::time_point deadline_in)
      : Request(batch_of(body), deadline_in) {}
  void on_answer(Answer&& answer) noexcept override {
    const std::lock_guard lock(mutex_);
    ++answers_;
    answer_ = std::move(answer);
    changed_.notify_all();
  }
  [[nodiscard]] int answers() const {
    const std::lock_guard lock(mutex_);
    return answers_;
  }
  // Empty when it does not come in time.
  [[nodiscard]] std::optional<Answer> answer(
      std::chrono::milliseconds within = std::chrono::seconds(100)) const {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, within, [this] { return answers_ > 0; });
    return answer_;
  }

 private:
  static Batch batch_of(const std::string& body) {
    Envelope envelope;
    envelope.topic = "topic";
    envelope.value = body;
    Batch batch;
    batch.add(envelope);
    return batch;
  }
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  int answers_ = 0;
  std::optional<Answer> answer_;
};

inline std::shared_ptr<Client> make_client(const std::string& body = "body",
                                           Clock::time_point deadline = Clock::time_point::max()) {
  return std::make_shared<Client>(body, deadline);
}

inline idempotency::Fingerprint of_body(std::string_view body) {
  return idempotency::fingerprint_of(std::span(&body, 1));
}

// A 2xx with an id of its own.
inline Answer delivered(std::uint32_t id) {
  Answer answer;
  answer.delivered = 1;
  for (std::size_t i = 0; i < 4; ++i)
    answer.first_id.bytes[12 + i] = static_cast<std::uint8_t>(id >> (24 - 8 * i));
  answer.last_id = answer.first_id;
  answer.partition = 1;
  answer.offset = id;
  return answer;
}

inline Answer refused(AnswerCode code) {
  Answer answer;
  answer.code = code;
  answer.detail = "refused";
  answer.retry_after_s = 1;
  return answer;
}

}  // namespace rebuf::daemon::idempotency_test
