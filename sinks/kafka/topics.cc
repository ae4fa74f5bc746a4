#include "sinks/kafka/topics.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "sinks/kafka/errors.h"

namespace rebuf::sinks::kafka {
namespace {

using std::chrono::milliseconds;

constexpr int question_timeout_ms = 3000;
// A broker that creates topics by itself needs a moment, and one that has just started does not
// know all topics yet: only a topic that stays away is missing.
constexpr milliseconds missing_after{500};
constexpr milliseconds missing_ask_every{1000};
// A limit may be raised: an older answer is not enough to refuse a message.
constexpr milliseconds limit_holds_for{5000};

// max.message.bytes of an answered resource; none when it is not among its entries.
std::size_t limit_of(const rd_kafka_ConfigResource_t* resource) {
  std::size_t count = 0;
  const rd_kafka_ConfigEntry_t** entries = rd_kafka_ConfigResource_configs(resource, &count);
  for (std::size_t i = 0; i < count; ++i) {
    if (std::string_view(rd_kafka_ConfigEntry_name(entries[i])) != "max.message.bytes") continue;
    const char* value = rd_kafka_ConfigEntry_value(entries[i]);
    if (value == nullptr) break;
    const std::string_view text = value;
    std::size_t bytes = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bytes);
    if (error == std::errc() && end == text.data() + text.size() && bytes > 0) return bytes;
  }
  return unlimited_bytes;
}

// The broker answered, but does not tell: nothing is too large here, the broker still judges.
bool answered_without_saying(rd_kafka_resp_err_t error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION:
      return true;
    default:
      return false;
  }
}

}  // namespace

std::shared_ptr<Topic> Topics::find(std::string_view name) {
  const std::lock_guard lock(mutex_);
  auto at = topics_.find(name);
  if (at == topics_.end()) {
    at = topics_.emplace(std::string(name), std::make_shared<Topic>(name)).first;
    changed_ = true;
  }
  return at->second;
}

std::vector<std::shared_ptr<Topic>> Topics::all() {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Topic>> list;
  list.reserve(topics_.size());
  for (const auto& [name, topic] : topics_) list.push_back(topic);
  return list;
}

Time Topics::ask_due(rd_kafka_t* rk, rd_kafka_queue_t* queue, Time now) {
  if (!changed_.exchange(false) && now < next_due_) return next_due_;
  Time next = Time::max();
  std::vector<std::string> gone;
  for (const auto& topic : all()) {
    if (topic->in_question_) continue;
    const bool known = topic->state() == TopicState::known;
    if (known && !topic->probe_) continue;
    const bool due = topic->probe_ || topic->ask_at_ <= now;
    // Held only here and in `all`: a missing topic that nobody waits for is forgotten, so that
    // topics which requests make up do not stay. One that was there stays.
    if (due && topic->state() == TopicState::missing && topic->partitions() == 0 &&
        topic->gate.empty() && topic.use_count() == 2)
      gone.push_back(topic->name);
    else if (due)
      next = ask(*topic, rk, queue) ? next : now;
    else
      next = std::min(next, topic->ask_at_);
  }
  next_due_ = next;
  const std::lock_guard lock(mutex_);
  for (const auto& name : gone) {
    const auto at = topics_.find(name);
    if (at != topics_.end() && at->second.use_count() == 1) topics_.erase(at);
  }
  return next;
}

bool Topics::ask(Topic& topic, rd_kafka_t* rk, rd_kafka_queue_t* queue) {
  // The handle makes librdkafka ask for the topic's metadata, which creates it where brokers may.
  if (topic.handle_ == nullptr)
    topic.handle_.reset(rd_kafka_topic_new(rk, topic.name.c_str(), nullptr));
  if (!askable_) {
    topic.probe_ = false;
    topic.state_.store(TopicState::known, std::memory_order_release);
    return false;
  }
  const AdminOptionsHandle options(
      rd_kafka_AdminOptions_new(rk, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS));
  // Fails only for a value out of range, which this is not.
  (void)rd_kafka_AdminOptions_set_request_timeout(options.get(), question_timeout_ms, nullptr, 0);
  rd_kafka_AdminOptions_set_opaque(options.get(), &topic);
  const ConfigResourceHandle resource(
      rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.name.c_str()));
  std::array<rd_kafka_ConfigResource_t*, 1> resources{resource.get()};
  topic.in_question_ = true;
  topic.probe_ = false;
  rd_kafka_DescribeConfigs(rk, resources.data(), resources.size(), options.get(), queue);
  return true;
}

TopicAnswer Topics::answered(rd_kafka_event_t* event, Time now) {
  TopicAnswer answer;
  answer.topic = find(static_cast<Topic*>(rd_kafka_event_opaque(event))->name);
  Topic& topic = *answer.topic;
  topic.in_question_ = false;
  topic.ask_at_ = now + ask_again_after;
  changed_ = true;

  answer.error = rd_kafka_event_error(event);
  if (answer.error != RD_KAFKA_RESP_ERR_NO_ERROR)
    answer.detail = rd_kafka_event_error_string(event);
  std::size_t count = 0;
  std::size_t limit = unlimited_bytes;
  if (const auto* result = rd_kafka_event_DescribeConfigs_result(event)) {
    const auto** resources = rd_kafka_DescribeConfigs_result_resources(result, &count);
    if (answer.error == RD_KAFKA_RESP_ERR_NO_ERROR && count == 1) {
      answer.error = rd_kafka_ConfigResource_error(resources[0]);
      if (const char* text = rd_kafka_ConfigResource_error_string(resources[0]))
        answer.detail = text;
      if (answer.error == RD_KAFKA_RESP_ERR_NO_ERROR) limit = limit_of(resources[0]);
    }
  }
  if (answered_without_saying(answer.error)) answer.error = RD_KAFKA_RESP_ERR_NO_ERROR;

  if (answer.error == RD_KAFKA_RESP_ERR_NO_ERROR) {
    topic.missing_since_.reset();
    topic.answered_at_ = now;
    smallest_limit_bytes_ = std::min(smallest_limit_bytes_, limit);
    topic.limit_bytes_.store(limit, std::memory_order_relaxed);
    topic.state_.store(TopicState::known, std::memory_order_release);
  } else if (topic_missing(answer.error)) {
    if (!topic.missing_since_) {
      topic.missing_since_ = now;
      topic.state_.store(TopicState::asking, std::memory_order_release);
    }
    if (now - *topic.missing_since_ >= missing_after) {
      topic.state_.store(TopicState::missing, std::memory_order_release);
      topic.ask_at_ = now + missing_ask_every;
    }
  }
  return answer;
}

void Topics::doubt(Topic& topic, Time at) {
  topic.state_.store(TopicState::asking, std::memory_order_release);
  topic.missing_since_.reset();
  topic.ask_at_ = at;
  changed_ = true;
}

bool Topics::surely_too_large(Topic& topic, std::size_t bytes, Time now) {
  if (bytes <= topic.limit_bytes()) return false;
  if (!askable_ || now - topic.answered_at_ < limit_holds_for) return true;
  doubt(topic, now);
  return false;
}

void Topics::drop_handles() {
  for (const auto& topic : all()) {
    topic->handle_.reset();
    if (topic->in_question_) topic->probe_ = true;
    topic->in_question_ = false;
  }
  changed_ = true;
}

void Topics::make_handles(rd_kafka_t* rk) {
  for (const auto& topic : all()) {
    topic->gate.reset();
    topic->handle_.reset(rd_kafka_topic_new(rk, topic->name.c_str(), nullptr));
  }
}

}  // namespace rebuf::sinks::kafka
