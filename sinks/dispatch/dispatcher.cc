#include "sinks/dispatch/dispatcher.h"

#include <algorithm>
#include <csignal>
#include <utility>

#include "sinks/dispatch/channel.h"

namespace rebuf::sinks::dispatch {
namespace {

using std::chrono::steady_clock;

// What worked so lately is not asked how it is.
constexpr std::chrono::seconds just_now{1};

// OpenSSL and cpp-httplib write to sockets without MSG_NOSIGNAL; blocked, the signal becomes EPIPE.
void block_sigpipe() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

}  // namespace

Dispatcher::Dispatcher(DispatchSettings settings,
                       std::vector<std::unique_ptr<Transport>> transports, Logger log,
                       DeliveryObserver observer)
    : settings_(std::move(settings)),
      log_(std::move(log)),
      observer_(std::move(observer)),
      random_(settings_.seed) {
  for (auto& transport : transports) {
    senders_.push_back(std::make_unique<Sender>());
    senders_.back()->transport = std::move(transport);
  }
  for (auto& sender : senders_)
    sender->thread = std::thread([this, mine = sender.get()] { send_loop(*mine); });
  keeper_ = std::thread([this] { keep(); });
}

Dispatcher::~Dispatcher() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    work_.notify_all();
    wake_keeper();
  }
  for (auto& sender : senders_) sender->thread.join();
  {
    const std::lock_guard lock(mutex_);
    wake_keeper();
  }
  keeper_.join();
}

std::unique_ptr<Channel> Dispatcher::attach(ChannelOptions options, ChannelListener& listener) {
  auto channel = std::make_unique<DispatchChannel>(*this, std::move(options), listener);
  const std::lock_guard lock(mutex_);
  lanes_.push_back(&channel->lane());
  return channel;
}

SinkStats Dispatcher::stats() const {
  const std::lock_guard lock(mutex_);
  SinkStats stats{.up = up_, .last_error = last_error_};
  for (const Lane* lane : lanes_) {
    stats.held_messages += lane->held();
    stats.held_bytes += lane->held_bytes();
  }
  return stats;
}

std::size_t Dispatcher::submit(Lane& lane, std::span<const OutMessage> messages) {
  {
    const std::lock_guard lock(mutex_);
    if (!lane.open || messages.empty()) return 0;
    lane.add(messages, steady_clock::now());
  }
  work_.notify_one();
  return messages.size();
}

void Dispatcher::probe(Lane& lane) {
  const std::lock_guard lock(mutex_);
  lane.probe_wanted = true;
  work_.notify_one();
}

void Dispatcher::send_loop(Sender& sender) {
  block_sigpipe();
  Lock lock(mutex_);
  const auto asks = [](const Lane* lane) { return lane->probe_wanted; };
  const auto must_know = [](const Lane* lane) {
    return lane->probe_wanted && lane->told != Lane::Told::up;
  };
  while (!ending_) {
    // A lane that rests asks too: it must not hold up another's messages.
    Lane* const lane =
        std::ranges::any_of(lanes_, must_know) ? nullptr : next_lane(steady_clock::now());
    if (lane != nullptr)
      attempt(lock, sender, *lane);
    else if (std::ranges::any_of(lanes_, asks))
      run_probe(lock, sender);
    else
      wait_for_work(lock);
  }
}

Lane* Dispatcher::next_lane(Time now) {
  if (!gate_.open(now)) return nullptr;
  for (std::size_t tried = 0; tried < lanes_.size(); ++tried) {
    Lane* lane = lanes_[next_++ % lanes_.size()];
    if (lane->has_work() && !lane->closing && lane->gate.open(now)) return lane;
  }
  return nullptr;
}

void Dispatcher::wait_for_work(Lock& lock) {
  Time next = Time::max();
  for (const Lane* lane : lanes_)
    if (lane->has_work() && !lane->closing)
      next = std::min(next, std::max(gate_.opens_at(), lane->gate.opens_at()));
  if (next == Time::max())
    work_.wait(lock);
  else
    work_.wait_until(lock, next);
}

void Dispatcher::begin(Sender& sender, Time now) {
  sender.cut_at = now + settings_.timeout;
  if (sender.cut_at < keeper_wakes_at_) wake_keeper();
}

void Dispatcher::attempt(Lock& lock, Sender& sender, Lane& lane) {
  const Time started = steady_clock::now();
  Batch batch = lane.take(settings_.batch);
  sender.lane = &lane;
  sender.trial = gate_.begin();
  sender.lane_trial = lane.gate.begin();
  ++lane.attempts;
  begin(sender, started);
  if (std::ranges::any_of(lanes_, &Lane::has_work)) work_.notify_one();  // for another sender

  lock.unlock();
  Verdict verdict = sender.transport->deliver(batch.messages);
  if (verdict.result == Result::delivered && observer_)
    observer_(std::chrono::duration<double>(steady_clock::now() - batch.submitted).count(),
              verdict.count);
  lock.lock();

  sender.cut_at = Time::max();
  sender.lane = nullptr;
  if (sender.trial) gate_.end_trial();
  if (sender.lane_trial) lane.gate.end_trial();
  --lane.attempts;
  const bool was_failing = sender.trial || sender.lane_trial;
  settle(lane, std::move(batch), std::move(verdict), started);
  if (was_failing) work_.notify_all();
  if (lane.closing || lane.stop_by) wake_keeper();
  tell_all(lock);
}

// Nobody is asked when it has worked just now, for another lane perhaps.
void Dispatcher::run_probe(Lock& lock, Sender& sender) {
  bool all_up = up_ && !gate_.failing();
  for (Lane* lane : lanes_) {
    if (!std::exchange(lane->probe_wanted, false)) continue;
    lane->probing = true;
    all_up = all_up && lane->told == Lane::Told::up && !lane->gate.failing();
  }
  if (all_up && steady_clock::now() - worked_at_ < just_now) {
    answer_probes({.result = Result::delivered});
    return tell_all(lock);
  }
  begin(sender, steady_clock::now());
  lock.unlock();
  const Verdict verdict = sender.transport->probe();
  lock.lock();
  sender.cut_at = Time::max();
  if (verdict.result == Result::delivered) worked_at_ = steady_clock::now();
  answer_probes(verdict);
  tell_all(lock);
}

void Dispatcher::tell_all(Lock& lock) {
  while (true) {
    const auto found =
        std::ranges::find_if(lanes_, [](const Lane* lane) { return lane->must_tell(); });
    if (found == lanes_.end()) return;
    Lane& lane = **found;  // is not let go while `telling`
    lane.telling = true;
    auto events = lane.take_events();
    lock.unlock();
    lane.call_listener(events);
    lock.lock();
    lane.telling = false;
    if (lane.closing || lane.stop_by) wake_keeper();
  }
}

}  // namespace rebuf::sinks::dispatch
