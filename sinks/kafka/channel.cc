#include "sinks/kafka/channel.h"

#include <algorithm>
#include <utility>

#include "sinks/kafka/errors.h"
#include "sinks/kafka/record.h"

namespace rebuf::sinks::kafka {
namespace {

std::int64_t wall_ms() {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count();
}

}  // namespace

KafkaChannel::KafkaChannel(ChannelHost& host, ChannelOptions options, ChannelListener& listener)
    : host_(host),
      options_(std::move(options)),
      listener_(listener),
      own_(host.topics().find(options_.topic)) {}

KafkaChannel::~KafkaChannel() { stop(std::chrono::steady_clock::now()); }

std::size_t KafkaChannel::submit(std::span<const OutMessage> messages) {
  bool waits = false;
  {
    const std::lock_guard lock(mutex_);
    if (!open_) {
      noticed_ = true;
      return 0;
    }
    const Time now = std::chrono::steady_clock::now();
    const std::int64_t now_ms = wall_ms();
    for (const OutMessage& message : messages) {
      const std::size_t bytes = wire_bytes(message);
      if (straight_through()) {
        const auto topic = topic_of(message);
        if (topic->state() == TopicState::known && bytes <= topic->limit_bytes()) {
          const auto entered = enter(message, *topic, now);
          if (entered && produce(message, *topic, bytes, entered, nullptr, now_ms) ==
                             RD_KAFKA_RESP_ERR_NO_ERROR)
            continue;
        }
      }
      waiting_.push_back(message);
      waiting_bytes_ += bytes;
      waits = true;
    }
  }
  if (waits) host_.wake();
  return messages.size();
}

void KafkaChannel::probe() {
  {
    const std::lock_guard lock(mutex_);
    wishes_.probe = true;
  }
  host_.wake();
}

void KafkaChannel::recall() {
  {
    const std::lock_guard lock(mutex_);
    wishes_.recall = true;
  }
  host_.wake();
}

void KafkaChannel::stop(std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  if (let_go_) return;
  open_ = false;
  wishes_.stop_by = deadline;
  lock.unlock();
  host_.wake();
  lock.lock();
  let_go_changed_.wait(lock, [this] { return let_go_; });
}

KafkaChannel::Wishes KafkaChannel::take_wishes() {
  const std::lock_guard lock(mutex_);
  Wishes taken = wishes_;
  noticed_ = noticed_ || taken.recall;
  wishes_.probe = false;
  wishes_.recall = false;
  return taken;
}

std::shared_ptr<Topic> KafkaChannel::topic_of(const OutMessage& message) {
  if (message.topic == own_->name || message.topic.empty()) return own_;
  if (last_topic_ == nullptr || last_topic_->name != message.topic)
    last_topic_ = host_.topics().find(message.topic);
  return last_topic_;
}

std::optional<std::int32_t> KafkaChannel::enter(const OutMessage& message, Topic& topic, Time now) {
  const std::int32_t partitions = topic.partitions();
  const std::int32_t there =
      partitions == 0 ? TopicGate::unknown : host_.partition_of(message, partitions);
  if (!topic.gate.enter(there, now)) return std::nullopt;
  return there;
}

rd_kafka_resp_err_t KafkaChannel::produce(const OutMessage& message, Topic& topic,
                                          std::size_t bytes, std::optional<std::int32_t> entered,
                                          Turn* turn, std::int64_t now_ms) {
  if (free_.empty()) free_.push_back(&slots_.emplace_back());
  Slot& slot = *free_.back();
  slot.channel = this;
  slot.token = message.token;
  slot.id = message.id;
  slot.bytes = bytes;
  slot.stamped_here = message.stamped_here;
  slot.used = true;
  slot.topic = &topic;
  slot.turn = turn;
  slot.partition = turn == nullptr ? unplaced : turn->partition;
  slot.entered = entered;
  slot.placed.store(false, std::memory_order_relaxed);
  if (!message.patient) host_.hurry();
  const auto error = produce_record(host_.producer(), topic.handle(), message, now_ms, &slot);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    slot.used = false;
    if (entered) topic.gate.leave(*entered, false, Time());
    return error;
  }
  free_.pop_back();
  ++in_producer_;
  in_producer_bytes_ += bytes;
  if (turn != nullptr) {
    ++turn->under_way;
    turn->placed = slot.placed.load(std::memory_order_relaxed);
  }
  return error;
}

bool KafkaChannel::feed(bool news, Time now) {
  const std::lock_guard lock(mutex_);
  if (in_producer_ == 0) alone_ = false;
  if (news) must_wait_ = 0;
  Next last = look_through(now);
  for (; last == Next::places_changed; last = look_through(now)) must_wait_ = 0;
  return last != Next::broken;
}

Next KafkaChannel::look_through(Time now) {
  // A topic that is not known yet holds up its own messages, not those of others.
  std::vector<std::shared_ptr<Topic>> held_up;
  std::size_t kept = must_wait_;
  std::size_t at = must_wait_;
  Next next = Next::gone;
  while (at < waiting_.size() && !paused_ && !alone_) {
    const OutMessage& message = waiting_[at];
    const auto topic = topic_of(message);
    const std::int32_t partitions = topic->partitions();
    const bool held = std::ranges::find(held_up, topic) != held_up.end();
    next = held ? Next::topic_waits : take(message, topic, nullptr, now);
    if (next == Next::all_wait || next == Next::broken) break;
    if (next == Next::topic_waits || next == Next::partition_waits) {
      if (next == Next::topic_waits && !held) held_up.push_back(topic);
      waiting_[kept++] = message;
    } else {
      waiting_bytes_ -= wire_bytes(message);
    }
    ++at;
    // What waits may have another place now, and goes before what comes behind it.
    if (topic->partitions() != partitions) {
      next = Next::places_changed;
      break;
    }
  }
  waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(kept),
                 waiting_.begin() + static_cast<std::ptrdiff_t>(at));
  must_wait_ = kept;
  return next;
}

bool KafkaChannel::feed(Turns& turns) {
  const std::lock_guard lock(mutex_);
  if (in_producer_ == 0) alone_ = false;
  if (paused_ || alone_) return false;
  must_wait_ = 0;
  bool added = false;
  // Where there are suspects, one message at a time.
  while (!waiting_.empty() && (suspects_.empty() || in_producer_ + in_turns_ == 0)) {
    const OutMessage& first = waiting_.front();
    const std::size_t bytes = wire_bytes(first);
    turns.add(*this, topic_of(first), first, bytes);
    waiting_.pop_front();
    waiting_bytes_ -= bytes;
    ++in_turns_;
    in_turns_bytes_ += bytes;
    added = true;
  }
  return added && !waiting_.empty();
}

Next KafkaChannel::take_turn(const OutMessage& message, Turn& turn, Time now) {
  const std::lock_guard lock(mutex_);
  const Next next = take(message, turn.topic, &turn, now);
  if (next == Next::gone) {
    --in_turns_;
    in_turns_bytes_ -= wire_bytes(message);
  }
  return next;
}

void KafkaChannel::give_back(const OutMessage& message) {
  const std::lock_guard lock(mutex_);
  noticed_ = true;
  reports_.push_back({.token = message.token, .outcome = Outcome::given_back, .detail = {}});
  --in_turns_;
  in_turns_bytes_ -= wire_bytes(message);
}

void KafkaChannel::put_back(const OutMessage& message) {
  const std::lock_guard lock(mutex_);
  const std::size_t bytes = wire_bytes(message);
  waiting_.push_front(message);
  must_wait_ = 0;
  waiting_bytes_ += bytes;
  --in_turns_;
  in_turns_bytes_ -= bytes;
}

Next KafkaChannel::take(const OutMessage& message, const std::shared_ptr<Topic>& topic, Turn* turn,
                        Time now) {
  const std::size_t bytes = wire_bytes(message);
  if (topic->state() == TopicState::missing && topic != own_) {
    refuse(message, Refusal::unknown_topic, "topic " + topic->name + " does not exist");
    return Next::gone;
  }
  if (topic->state() != TopicState::known) return Next::topic_waits;
  if (bytes > topic->limit_bytes()) {
    if (!host_.topics().surely_too_large(*topic, bytes, now)) return Next::topic_waits;
    refuse(message, Refusal::too_large,
           std::to_string(bytes) + " bytes with headers, topic " + topic->name + " takes " +
               std::to_string(topic->limit_bytes()));
    return Next::gone;
  }
  const bool suspect = suspects_.contains(message.id);
  if (suspect && (in_producer_ > 0 || (turn != nullptr && turn->under_way > 0)))
    return Next::all_wait;
  std::optional<std::int32_t> entered;
  if (turn == nullptr && !(entered = enter(message, *topic, now))) return Next::partition_waits;
  const rd_kafka_resp_err_t error = produce(message, *topic, bytes, entered, turn, wall_ms());
  switch (error) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
      if (suspect) {
        suspects_.erase(message.id);
        alone_ = true;
        if (turn != nullptr) turn->alone = true;
      }
      return Next::gone;
    case RD_KAFKA_RESP_ERR__QUEUE_FULL:
      return Next::all_wait;
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
      refuse(message, Refusal::too_large, std::to_string(bytes) + " bytes with headers");
      return Next::gone;
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
      // The brokers say that it is there. librdkafka has not heard yet: it asks once a second.
      host_.topics().doubt(*topic, now + ask_again_after);
      return Next::topic_waits;
    default:
      if (topic != own_ && not_authorized(error)) {
        refuse(message, Refusal::auth, topic->name + ": " + rd_kafka_err2str(error));
        return Next::gone;
      }
      host_.topics().doubt(*topic, now);
      return Next::broken;
  }
}

void KafkaChannel::refuse(const OutMessage& message, Refusal refusal, std::string detail) {
  suspects_.erase(message.id);  // it will not come again
  details_.push_back(std::move(detail));
  Report report;
  report.token = message.token;
  report.outcome = Outcome::refused;
  report.refusal = refusal;
  report.detail = details_.back();
  reports_.push_back(report);
}

void KafkaChannel::pause() {
  const std::lock_guard lock(mutex_);
  paused_ = true;
}

void KafkaChannel::resume() {
  const std::lock_guard lock(mutex_);
  paused_ = false;
  must_wait_ = 0;
}

void KafkaChannel::close() {
  const std::lock_guard lock(mutex_);
  open_ = false;
  noticed_ = noticed_ || !waiting_.empty();
  for (const OutMessage& message : waiting_)
    reports_.push_back({.token = message.token, .outcome = Outcome::given_back, .detail = {}});
  waiting_.clear();
  must_wait_ = 0;
  waiting_bytes_ = 0;
}

void KafkaChannel::give_back_rest() {
  std::vector<Slot*> rest;
  {
    const std::lock_guard lock(mutex_);
    for (Slot& slot : slots_)
      if (slot.used) rest.push_back(&slot);
  }
  const Time now = std::chrono::steady_clock::now();
  for (Slot* slot : rest)
    add_report(*slot,
               {.token = slot->token,
                .outcome = Outcome::given_back,
                .maybe_delivered = true,
                .detail = "the producer was closed"},
               now);
}

void KafkaChannel::reopen() {
  bool tell_listener = false;
  {
    const std::lock_guard lock(mutex_);
    alone_ = false;
    paused_ = false;
    must_wait_ = 0;
    if (open_ || wishes_.stop_by) return;
    open_ = true;
    tell_listener = std::exchange(noticed_, false);
  }
  // A listener that noticed nothing may be submitting this very moment: to it, nothing happened.
  if (tell_listener) listener_.on_reopened();
}

void KafkaChannel::add_report(Slot& slot, Report report, Time now, bool suspect) {
  reports_.push_back(report);
  reported_.push_back(&slot);
  if (slot.entered)
    slot.topic->gate.leave(*slot.entered, report.outcome == Outcome::delivered, now);
  if (report.outcome != Outcome::given_back) return;
  const std::lock_guard lock(mutex_);
  noticed_ = true;
  if (suspect) suspects_.insert(slot.id);
}

void KafkaChannel::deliver() {
  if (reports_.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    for (Slot* slot : reported_) {
      slot->used = false;
      --in_producer_;
      in_producer_bytes_ -= slot->bytes;
      free_.push_back(slot);
    }
  }
  reported_.clear();
  listener_.on_reports(reports_);
  reports_.clear();
  details_.clear();
}

void KafkaChannel::clear_suspects() {
  const std::lock_guard lock(mutex_);
  suspects_.clear();
}

void KafkaChannel::let_go() {
  const std::lock_guard lock(mutex_);
  let_go_ = true;
  let_go_changed_.notify_all();
}

std::size_t KafkaChannel::in_producer() const {
  const std::lock_guard lock(mutex_);
  return in_producer_;
}

std::size_t KafkaChannel::held() const {
  const std::lock_guard lock(mutex_);
  return in_producer_ + in_turns_ + waiting_.size();
}

std::size_t KafkaChannel::held_bytes() const {
  const std::lock_guard lock(mutex_);
  return in_producer_bytes_ + in_turns_bytes_ + waiting_bytes_;
}

}  // namespace rebuf::sinks::kafka
