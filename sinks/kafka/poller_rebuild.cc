// Another producer: after what librdkafka cannot go on from in order, and for smaller batches.
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "sinks/kafka/poller.h"

namespace rebuf::sinks::kafka {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// What is already on its way may still be acknowledged: less to be sent twice. At least; over a
// long way two round trips.
constexpr milliseconds in_transit_time{300};
// librdkafka reports purged messages at once; the rest after this is given back without its report.
constexpr milliseconds purge_time{2000};
constexpr milliseconds remake_every{1000};
constexpr std::string_view far_away = "the brokers are far away: several requests under way";

// Whether as many descriptors as a producer needs for a few brokers can be opened now.
bool descriptors_to_be_had() {
  std::array<int, 32> opened{};
  std::size_t count = 0;
  while (count < opened.size() && (opened.at(count) = ::eventfd(0, EFD_CLOEXEC)) >= 0) ++count;
  for (std::size_t i = 0; i < count; ++i) ::close(opened.at(i));
  return count == opened.size();
}

// The channels open again at once, but not for a failure that comes back each time.
milliseconds reopen_delay(int rebuilds_without_delivery) {
  constexpr milliseconds step{500};
  constexpr int most_steps = 10;
  return step * std::clamp(rebuilds_without_delivery - 1, 0, most_steps);
}

}  // namespace

void Poller::want_rebuild(Cause cause, std::string reason) {
  if (cause == Cause::failure && !rebuild_wanted_) ++rebuilds_without_delivery_;
  if (std::exchange(rebuild_wanted_, true)) return;
  rebuild_reason_ = std::move(reason);
}

std::size_t Poller::in_producer() const {
  std::size_t messages = 0;
  for (const KafkaChannel* channel : channels_) messages += channel->in_producer();
  return messages;
}

void Poller::rebuild() {
  say(LogLevel::warning, "a new producer: " + rebuild_reason_);
  remember_error(rebuild_reason_);
  for (KafkaChannel* channel : channels_) channel->close();
  if (client_.rk != nullptr) empty_producer();
  drop_client();
  turns_.give_back();
  deliver();
  for (KafkaChannel* channel : channels_) channel->give_back_rest();
  deliver();
  rebuild_wanted_ = false;
  renewal_.done();
  reopen_at_ = steady_clock::now() + reopen_delay(rebuilds_without_delivery_);
  if (!remake_client()) reopen_at_ = steady_clock::now() + remake_every;
}

void Poller::drop_client() {
  {
    const std::lock_guard lock(mutex_);
    wake_queue_ = nullptr;
  }
  topics_.drop_handles();
  client_.linger.reset();
  client_.queue.reset();
  client_.rk.reset();
}

// A fatal error, which the first purge makes where a request waits for its turn, does not keep what
// is on its way from being acknowledged.
void Poller::empty_producer() {
  // Both fail only for a client that is not a producer.
  (void)rd_kafka_purge(client_.rk.get(), RD_KAFKA_PURGE_F_QUEUE);
  collect_until(
      std::max(in_transit_time, std::chrono::ceil<milliseconds>(2 * distance_.shortest())));
  (void)rd_kafka_purge(client_.rk.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  collect_until(purge_time);
}

void Poller::collect_until(milliseconds limit) {
  const Time until = steady_clock::now() + limit;
  constexpr int slice_ms = 10;
  deliver();
  while (in_producer() > 0 && steady_clock::now() < until) {
    EventHandle event(rd_kafka_queue_poll(client_.queue.get(), slice_ms));
    if (event != nullptr) handle(std::move(event));
    deliver();
  }
}

std::string Poller::make_producer() {
  const Way way = distance_.seems_long() ? Way::far : Way::near;
  ClientResult made = make_client(settings_, brokers_, batch_bytes_, way, *this);
  if (!made.error.empty()) return made.error;
  far_ = way == Way::far;
  used_ = false;
  client_ = std::move(made.client);
  descriptors_were_short_ = !descriptors_to_be_had();
  topics_.make_handles(client_.rk.get());
  const std::lock_guard lock(mutex_);
  wake_queue_ = client_.queue.get();
  return {};
}

bool Poller::remake_client() {
  const std::string error = make_producer();
  if (!error.empty()) set_down(error, "other");
  return error.empty();
}

void Poller::reopen_when_due() {
  if (!reopen_at_ || steady_clock::now() < *reopen_at_) return;
  if (client_.rk == nullptr && !remake_client()) {
    reopen_at_ = steady_clock::now() + remake_every;
    return;
  }
  reopen_at_.reset();
  for (KafkaChannel* channel : channels_) channel->reopen();
}

// Why a producer that works should be another one; empty: it should not.
std::string_view Poller::reason_to_renew() {
  // No message may travel in a batch that is too large although it is not.
  if (batch_bytes_for(topics_.smallest_limit_bytes()) < batch_bytes_)
    return "a topic takes less than a batch may be";
  if (turns_out_far()) return far_away;
  // They had only been slow for a while, or the way is another one now.
  if (far_ && distance_.is_short()) return "the brokers are near: one request under way";
  if (descriptors_were_short_ && there_are_descriptors())
    return "one made while descriptors were short";
  return {};
}

// Messages wait while the producer is exchanged, so for one that has had some it must be certain.
bool Poller::turns_out_far() {
  if (far_ || !distance_.seems_long()) return false;
  used_ = used_ || in_producer() > 0;
  return !used_ || distance_.is_long(steady_clock::now());
}

// Seldom, for looking takes them for a moment.
bool Poller::there_are_descriptors() {
  constexpr std::chrono::seconds seldom{1};
  const Time now = steady_clock::now();
  if (now - descriptors_looked_at_ < seldom) return false;
  descriptors_looked_at_ = now;
  return descriptors_to_be_had();
}

// Whether another producer is made before this one has had a message, for it is for the wrong way:
// then an answer about a topic is left to that one, which asks again. Else messages would come, and
// wait for it.
bool Poller::goes_at_once() {
  if (!reopen_at_ && !used_ && renewal_.may_begin(steady_clock::now()) && turns_out_far())
    begin_to_renew(far_away);
  return renewal_.under_way() && in_producer() == 0;
}

void Poller::begin_to_renew(std::string_view reason) {
  say(LogLevel::info, "a new producer: " + std::string(reason));
  for (KafkaChannel* channel : channels_) channel->pause();
  renewal_.begin(in_producer(), steady_clock::now());
}

// Another producer, once what this one holds is done: nothing is given back for it.
void Poller::renew() {
  if (reopen_at_ || client_.rk == nullptr) return;
  if (renewal_.may_begin(steady_clock::now())) {
    const std::string_view reason = reason_to_renew();
    if (!reason.empty()) begin_to_renew(reason);
  }
  if (!renewal_.under_way()) return;
  if (const std::size_t held = in_producer(); held > 0) {
    if (renewal_.gives_up(held, steady_clock::now()))
      for (KafkaChannel* channel : channels_) channel->resume();
    return;
  }
  turns_.put_back();
  batch_bytes_ = std::min(batch_bytes_, batch_bytes_for(topics_.smallest_limit_bytes()));
  drop_client();
  renewal_.done();
  reopen_at_ = steady_clock::now();
  reopen_when_due();
}

}  // namespace rebuf::sinks::kafka
