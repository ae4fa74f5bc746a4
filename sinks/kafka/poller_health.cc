// What the listeners hear of the brokers and of their own topics.
#include <array>
#include <utility>

#include "sinks/kafka/errors.h"
#include "sinks/kafka/poller.h"

namespace rebuf::sinks::kafka {

using std::chrono::steady_clock;

void Poller::broker_error(rd_kafka_event_t* event) {
  const rd_kafka_resp_err_t code = rd_kafka_event_error(event);
  const std::string text = rd_kafka_event_error_string(event);
  if (rd_kafka_event_error_is_fatal(event) != 0) {
    std::array<char, 512> why{};
    const auto fatal = rd_kafka_fatal_error(client_.rk.get(), why.data(), why.size());
    // Another producer will be refused too; of any other fatal error it knows nothing.
    if (not_authorized(fatal)) set_down(why.data(), error_class(fatal));
    want_rebuild(Cause::failure, why.data());
    return;
  }
  if (no_descriptor(text)) descriptors_were_short_ = true;
  remember_error(text);
  outage_.error(code, text, steady_clock::now());
}

void Poller::client_throttled(std::chrono::milliseconds pause) {
  if (pause.count() <= 0) return;
  outage_.throttled(pause, steady_clock::now());
  Health health;
  {
    const std::lock_guard lock(mutex_);
    health.up = up_;
  }
  health.reason = "the brokers throttle";
  health.error_class = "throttled";
  health.throttled_for = pause;
  for (KafkaChannel* channel : channels_) channel->tell(health);
}

void Poller::topic_answered(rd_kafka_event_t* event) {
  const TopicAnswer answer = topics_.answered(event, steady_clock::now());
  const bool answered = answer.error == RD_KAFKA_RESP_ERR_NO_ERROR || topic_missing(answer.error);
  if (asked_in_doubt_ == answer.topic.get()) {
    asked_in_doubt_ = nullptr;
    if (!answered)
      outage_.error(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, answer.detail, steady_clock::now());
  }
  if (answered) set_up();
  for (KafkaChannel* channel : channels_) {
    if (channel->topic() != answer.topic->name) continue;
    if (channel->probing) answer_probe(*channel, answer.error);
    if (answer.topic->state() == TopicState::missing)
      own_topic_fails(*channel, "topic", "topic " + channel->topic() + " does not exist");
    if (answer.topic->state() == TopicState::known && std::exchange(channel->topic_fails, false))
      channel->tell({.up = true, .reason = {}, .error_class = {}});
  }
}

void Poller::start_probe(KafkaChannel& channel) {
  if (embedded_ == nullptr) {
    channel.probing = true;
    topics_.probe(channel.own_topic());
    return;
  }
  // The mock cluster answers no questions about topics, but we know how it is.
  const bool up = embedded_->up();
  if (up) set_up();
  answer_probe(channel, up ? RD_KAFKA_RESP_ERR_NO_ERROR : RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN);
}

void Poller::answer_probe(KafkaChannel& channel, rd_kafka_resp_err_t error) {
  channel.probing = false;
  Health health{.up = true, .from_probe = true, .reason = {}, .error_class = {}};
  std::string reason;
  const Time now = steady_clock::now();
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    health.up = false;
    if (topic_missing(error)) {
      reason = "topic " + channel.topic() + " does not exist";
      health.error_class = "topic";
    } else {
      reason = outage_.reason(now);
      health.error_class = outage_.reason_class(now);
    }
    health.reason = reason;
    remember_error(reason);
  }
  channel.tell(health);
}

void Poller::own_topic_fails(KafkaChannel& channel, std::string_view error_class,
                             const std::string& reason) {
  remember_error(reason);
  if (std::exchange(channel.topic_fails, true)) return;
  say(LogLevel::warning, reason);
  channel.tell({.up = false, .reason = reason, .error_class = error_class});
}

void Poller::set_up() {
  if (outage_.works(steady_clock::now()) && embedded_ == nullptr && !channels_.empty()) {
    Topic& topic = channels_.front()->own_topic();
    asked_in_doubt_ = &topic;
    topics_.probe(topic);
  }
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(up_, true)) return;
  }
  say(LogLevel::info, "up");
  for (KafkaChannel* channel : channels_)
    if (!channel->topic_fails) channel->tell({.up = true, .reason = {}, .error_class = {}});
}

void Poller::set_down(std::string_view reason, std::string_view error_class) {
  say(LogLevel::warning, "down: " + std::string(reason));
  remember_error(reason);
  {
    const std::lock_guard lock(mutex_);
    up_ = false;
  }
  for (KafkaChannel* channel : channels_)
    channel->tell({.up = false, .reason = reason, .error_class = error_class});
}

void Poller::remember_error(std::string_view text) {
  const std::lock_guard lock(mutex_);
  last_error_ = text;
}

}  // namespace rebuf::sinks::kafka
