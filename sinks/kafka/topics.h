// What is known of each topic: whether it exists and the largest message that it takes. Asked with
// DescribeConfigs when it is first used and after a message was too large all the same.
//
// Owned by the sink. find() and a Topic's public face: any thread. Everything else: the poller.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sinks/kafka/gate.h"
#include "sinks/kafka/handles.h"

namespace rebuf::sinks::kafka {

using Time = std::chrono::steady_clock::time_point;

// The broker's default of max.message.bytes: what batches are cut for, and what the embedded
// cluster is taken to have.
inline constexpr std::size_t default_limit_bytes = 1048588;
// Of a topic whose limit the brokers do not tell.
inline constexpr std::size_t unlimited_bytes = std::numeric_limits<std::size_t>::max();

inline constexpr std::chrono::milliseconds ask_again_after{150};

enum class TopicState : std::uint8_t { asking, known, missing };

class Topic {
 public:
  explicit Topic(std::string_view name_in) : name(name_in) {}

  const std::string name;
  [[nodiscard]] TopicState state() const { return state_.load(std::memory_order_acquire); }
  [[nodiscard]] std::size_t limit_bytes() const {
    return limit_bytes_.load(std::memory_order_relaxed);
  }
  // 0: not known yet. Whoever librdkafka calls to choose a partition says it.
  [[nodiscard]] std::int32_t partitions() const {
    return partitions_.load(std::memory_order_relaxed);
  }
  void has_partitions(std::int32_t count) {
    if (partitions() != count) partitions_.store(count, std::memory_order_relaxed);
  }
  TopicGate gate;
  // While `known`, and while the caller's channel is open:
  [[nodiscard]] rd_kafka_topic_t* handle() const { return handle_.get(); }

 private:
  friend class Topics;
  std::atomic<TopicState> state_{TopicState::asking};
  std::atomic<std::int32_t> partitions_{0};
  std::atomic<std::size_t> limit_bytes_{default_limit_bytes};
  TopicHandle handle_;  // written before state_ is known, or while all channels are closed
  // The poller's:
  bool in_question_ = false;  // a request is under way
  bool probe_ = false;        // ask, although it is known
  Time ask_at_{};
  Time answered_at_{};
  std::optional<Time> missing_since_;
};

// What became of a question.
struct TopicAnswer {
  std::shared_ptr<Topic> topic;
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
  std::string detail;  // of the error
};

class Topics {
 public:
  // Not `askable`: a cluster that has no answers, and every topic.
  explicit Topics(bool askable) : askable_(askable) {}

  // The topic, which will be asked about when it is new.
  [[nodiscard]] std::shared_ptr<Topic> find(std::string_view name);

  // Sends what is due; returns when the next question is.
  [[nodiscard]] Time ask_due(rd_kafka_t* rk, rd_kafka_queue_t* queue, Time now);
  void probe(Topic& topic) {
    topic.probe_ = true;
    changed_ = true;
  }
  // Takes the event of a question and keeps what it says.
  [[nodiscard]] TopicAnswer answered(rd_kafka_event_t* event, Time now);
  // What is known of it may be wrong: ask again, not before `at`, and before it is used.
  void doubt(Topic& topic, Time at);
  // Whether a message is too large by what was said lately; else asks again.
  [[nodiscard]] bool surely_too_large(Topic& topic, std::size_t bytes, Time now);
  // Before the producer goes, while all channels are closed; unanswered questions are forgotten.
  void drop_handles();
  // With a new producer, before the channels open.
  void make_handles(rd_kafka_t* rk);
  // The smallest limit that a topic was ever seen with, at most the broker's default.
  [[nodiscard]] std::size_t smallest_limit_bytes() const { return smallest_limit_bytes_; }

 private:
  std::vector<std::shared_ptr<Topic>> all();
  // False: it is known without asking.
  bool ask(Topic& topic, rd_kafka_t* rk, rd_kafka_queue_t* queue);

  const bool askable_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Topic>, std::less<>> topics_;  // guarded by mutex_
  std::atomic<bool> changed_{false};  // something may be due before next_due_
  // The poller's:
  Time next_due_{};
  std::size_t smallest_limit_bytes_ = default_limit_bytes;
};

}  // namespace rebuf::sinks::kafka
