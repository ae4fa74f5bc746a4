#include "sinks/kafka/poller.h"

#include <algorithm>
#include <utility>

#include "sinks/kafka/partitioner.h"

namespace rebuf::sinks::kafka {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Everything that matters wakes the poller; this is only the longest that it sleeps.
constexpr milliseconds longest_sleep{10'000};
// Events taken before the listeners hear of them: a report must not wait for too many others.
constexpr int events_per_round = 64;

}  // namespace

Poller::Poller(const KafkaSettings& settings, EmbeddedCluster* embedded, std::string brokers,
               Logger log, DeliveryObserver observer)
    : settings_(settings),
      log_(std::move(log)),
      observer_(std::move(observer)),
      embedded_(embedded),
      brokers_(std::move(brokers)),
      topics_(embedded == nullptr),
      batch_bytes_(batch_bytes_for(default_limit_bytes)),
      turns_(settings_.partitioner) {}

Poller::~Poller() {
  if (thread_.joinable()) {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
    }
    wake();
    thread_.join();
  }
  drop_client();
}

std::string Poller::start() {
  if (std::string error = make_producer(); !error.empty()) return error;
  thread_ = std::thread([this] { run(); });
  return {};
}

std::unique_ptr<Channel> Poller::attach(ChannelOptions options, ChannelListener& listener) {
  if (embedded_ != nullptr) embedded_->create_topic(options.topic);
  ChannelHost& host = *this;
  auto channel = std::make_unique<KafkaChannel>(host, std::move(options), listener);
  {
    const std::lock_guard lock(mutex_);
    attached_.push_back(channel.get());
  }
  wake();
  return channel;
}

SinkStats Poller::stats() const {
  const std::lock_guard lock(mutex_);
  SinkStats stats{.up = up_, .last_error = last_error_};
  for (const KafkaChannel* channel : attached_) {
    stats.held_messages += channel->held();
    stats.held_bytes += channel->held_bytes();
  }
  return stats;
}

std::size_t Poller::channels() const {
  const std::lock_guard lock(mutex_);
  return attached_.size();
}

void Poller::wake() {
  const std::lock_guard lock(mutex_);
  wake_ = true;
  woken_.notify_one();
  if (wake_queue_ != nullptr) rd_kafka_queue_yield(wake_queue_);
}

std::int32_t Poller::partition_of(const OutMessage& message, std::int32_t partitions) const {
  return kafka::partition_of(settings_.partitioner, message, partitions);
}

void Poller::client_answered(std::int32_t broker, std::chrono::microseconds round_trip) {
  distance_.note(broker, round_trip, steady_clock::now());
}

void Poller::client_log(LogLevel level, const char* text) {
  if (tells_of_fewer_partitions(text)) partitions_went_ = true;
  say(level, text);
}

void Poller::say(LogLevel level, std::string_view text) const {
  if (log_) log_(level, "sink " + settings_.name + ": " + std::string(text));
}

bool Poller::ending() {
  const std::lock_guard lock(mutex_);
  return ending_;
}

void Poller::run() {
  while (!ending()) {
    take_new_channels();
    serve_channels();
    deliver();  // what was refused without a broker: collect() may sleep
    collect();
    if (partitions_went_.exchange(false))
      want_rebuild(Cause::wish, "a topic has fewer partitions than before");
    if (rebuild_wanted_) rebuild();
    deliver();
    renew();
    reopen_when_due();
    if (outage_.begins(steady_clock::now()))
      set_down(outage_.reason(steady_clock::now()), outage_.reason_class(steady_clock::now()));
  }
}

void Poller::take_new_channels() {
  std::vector<KafkaChannel*> attached;
  {
    const std::lock_guard lock(mutex_);
    attached = attached_;
  }
  for (KafkaChannel* channel : attached) {
    if (std::ranges::find(channels_, channel) != channels_.end()) continue;
    channels_.push_back(channel);
    if (!reopen_at_ && !renewal_.under_way()) channel->resume();  // else with the others
  }
}

void Poller::serve_channels() {
  const Time now = steady_clock::now();
  next_stop_ = Time::max();
  const bool news = std::exchange(news_, false);
  // A copy: a channel that is let go leaves the list.
  for (KafkaChannel* channel : std::vector(channels_)) {
    const KafkaChannel::Wishes wishes = channel->take_wishes();
    if (wishes.probe) start_probe(*channel);
    if (wishes.recall)
      want_rebuild(Cause::wish, "route " + channel->route() + " took its messages back");
    if (!reopen_at_ && !rebuild_wanted_ && !feed(*channel, news, now))
      want_rebuild(Cause::failure, "librdkafka takes no more messages");
    if (wishes.stop_by) serve_stop(*channel, *wishes.stop_by);
  }
  next_question_ = client_.rk == nullptr
                       ? Time::max()
                       : topics_.ask_due(client_.rk.get(), client_.queue.get(), now);
  if (next_question_ <= now) news_ = true;  // a topic is known without asking
}

bool Poller::feed(KafkaChannel& channel, bool news, Time now) {
  if (!far_) return channel.feed(news, now);
  if (renewal_.under_way()) return true;
  return turns_.feed(channel, client_.rk.get(), client_.limits, far_requests * distance_.brokers(),
                     now);
}

void Poller::serve_stop(KafkaChannel& channel, Time stop_by) {
  channel.deliver();
  if (channel.held() == 0) {
    std::erase(channels_, &channel);
    {
      const std::lock_guard lock(mutex_);
      std::erase(attached_, &channel);
    }
    channel.let_go();
  } else if (stop_by <= steady_clock::now()) {
    want_rebuild(Cause::wish, "route " + channel.route() + " stops");
  } else {
    next_stop_ = std::min(next_stop_, stop_by);
  }
}

void Poller::collect() {
  Time until =
      std::min({next_question_, next_stop_, outage_.next(), steady_clock::now() + longest_sleep});
  if (reopen_at_) until = std::min(until, *reopen_at_);
  if (renewal_.under_way()) until = std::min(until, renewal_.until());
  if (turns_.any_ready()) until = std::min(until, steady_clock::now() + Turns::long_time);
  auto left = std::chrono::ceil<milliseconds>(until - steady_clock::now());
  if (rebuild_wanted_ || left.count() < 0) left = milliseconds(0);
  if (client_.queue == nullptr) {
    std::unique_lock lock(mutex_);
    woken_.wait_for(lock, left, [this] { return wake_ || ending_; });
    wake_ = false;
    return;
  }
  EventHandle event(rd_kafka_queue_poll(client_.queue.get(), static_cast<int>(left.count())));
  for (int taken = 0; event != nullptr && taken < events_per_round; ++taken) {
    handle(std::move(event));
    event.reset(rd_kafka_queue_poll(client_.queue.get(), 0));
  }
  if (event != nullptr) handle(std::move(event));
}

void Poller::handle(EventHandle event) {
  news_ = true;
  switch (rd_kafka_event_type(event.get())) {
    case RD_KAFKA_EVENT_DR:
      delivery_reports(event.get());
      // Near, the first report is of one message (gate.h); far, perhaps of a large batch, and a
      // millisecond is little.
      if (!far_) client_.linger->keep(event);
      break;
    case RD_KAFKA_EVENT_DESCRIBECONFIGS_RESULT:
      if (!goes_at_once()) topic_answered(event.get());
      break;
    case RD_KAFKA_EVENT_ERROR:
      broker_error(event.get());
      break;
    default:  // no other is asked for
      break;
  }
}

void Poller::deliver() {
  for (KafkaChannel* channel : channels_) channel->deliver();
}

}  // namespace rebuf::sinks::kafka
