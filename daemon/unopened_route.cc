#include "daemon/unopened_route.h"

#include <algorithm>
#include <random>
#include <utility>

namespace rebuf::daemon {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds first_pause{1000};
constexpr milliseconds longest_pause{30'000};
constexpr std::uint32_t retry_after_s = 30;

std::string reason_of(const Status& why) {
  return "the log cannot be opened, which is tried again: " + why.message();
}

// Three quarters of it to five quarters, so that a fleet with one bad storage does not strike at
// once.
milliseconds spread(milliseconds pause) {
  std::random_device random;
  return pause * 3 / 4 + milliseconds(random() % (static_cast<std::uint64_t>(pause.count()) / 2));
}

}  // namespace

UnopenedRoute::UnopenedRoute(LiveRouteSettings settings, const Status& why,
                             std::function<void()> load, std::function<void(LiveRoute&)> start)
    : settings_(std::move(settings)),
      load_(std::move(load)),
      start_(std::move(start)),
      reason_(reason_of(why)),
      sink_memory_(settings_.sink_memory) {
  thread_ = std::thread([this] { run(); });
}

UnopenedRoute::~UnopenedRoute() {
  static_cast<void>(stop_trying());
  join();
}

void UnopenedRoute::join() {
  if (thread_.joinable()) thread_.join();
}

LiveRoute* UnopenedRoute::stop_trying() {
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  wake_.notify_all();
  return open_route();
}

void UnopenedRoute::run() {
  milliseconds pause = first_pause;
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait_for(lock, spread(pause), [this] { return ends_ || try_now_; });
    if (ends_) return;
    try_now_ = false;
    lock.unlock();
    auto route = LiveRoute::open(settings_);
    if (route) load_();
    lock.lock();
    if (ends_) {
      lock.unlock();
      if (route) (*route)->finish_stop(Clock::now());  // its totals stay exact
      return;
    }
    if (route) return opened(std::move(*route));
    reason_ = reason_of(route.status());
    pause = std::min(2 * pause, longest_pause);
    if (settings_.logger) settings_.logger(LogLevel::error, reason_);
  }
}

// With the lock, so that who stops sees all of it or nothing.
void UnopenedRoute::opened(std::unique_ptr<LiveRoute> route) {
  route_ = std::move(route);
  route_->share_memory(sink_memory_);
  if (paused_) route_->pause();
  if (catches_up_) route_->catch_up();
  start_(*route_);
  open_.store(route_.get(), std::memory_order_release);
  if (settings_.logger) settings_.logger(LogLevel::warning, "the log could be opened at last");
}

void UnopenedRoute::offer(std::shared_ptr<Request> request) {
  if (LiveRoute* const route = open_route()) return route->offer(std::move(request));
  Answer answer;
  answer.code = AnswerCode::log_failed;
  answer.detail = reason();
  answer.retry_after_s = retry_after_s;
  request->on_answer(std::move(answer));
}

RouteSnapshot UnopenedRoute::snapshot() const {
  if (const LiveRoute* const route = open_route()) return route->snapshot();
  RouteSnapshot snapshot;
  snapshot.name = settings_.route.name;
  snapshot.sink = settings_.route.sink;
  snapshot.state = RouteState::failed;
  snapshot.since = since_;
  snapshot.state_reason = reason();
  snapshot.last_error = snapshot.state_reason;
  snapshot.capacity_bytes = settings_.route.buffer.max_bytes;
  snapshot.lifetime_exact = false;  // what the log knows of it cannot be read
  return snapshot;
}

Readiness UnopenedRoute::readiness() const {
  if (const LiveRoute* const route = open_route()) return route->readiness();
  return {false, reason()};
}

const RouteHistograms& UnopenedRoute::histograms() const {
  const LiveRoute* const route = open_route();
  return route != nullptr ? route->histograms() : no_histograms_;
}

bool UnopenedRoute::making_progress() const {
  const LiveRoute* const route = open_route();
  return route == nullptr || route->making_progress();
}

std::string UnopenedRoute::reason() const {
  const std::lock_guard lock(mutex_);
  return reason_;
}

void UnopenedRoute::share_memory(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  sink_memory_ = bytes;
  if (LiveRoute* const route = open_route()) route->share_memory(bytes);
}

bool UnopenedRoute::paused() const {
  const std::lock_guard lock(mutex_);
  return paused_;
}

// --- what an operator asks ---

void UnopenedRoute::pause() {
  const std::lock_guard lock(mutex_);
  paused_ = true;
  if (LiveRoute* const route = open_route()) route->pause();
}

void UnopenedRoute::resume() {
  {
    const std::lock_guard lock(mutex_);
    paused_ = false;
    try_now_ = true;
    if (LiveRoute* const route = open_route()) route->resume();
  }
  wake_.notify_all();
}

void UnopenedRoute::catch_up() {
  const std::lock_guard lock(mutex_);
  catches_up_ = true;
  if (LiveRoute* const route = open_route()) route->catch_up();
}

Result<std::uint64_t> UnopenedRoute::purge(std::optional<SegmentId> through) {
  LiveRoute* const route = open_route();
  if (route == nullptr) return not_open();
  return route->purge(through);
}

Result<RouteControl::Replayed> UnopenedRoute::replay_dead_letters() {
  LiveRoute* const route = open_route();
  if (route == nullptr) return not_open();
  return route->replay_dead_letters();
}

Result<std::uint64_t> UnopenedRoute::purge_dead_letters() {
  LiveRoute* const route = open_route();
  if (route == nullptr) return not_open();
  return route->purge_dead_letters();
}

}  // namespace rebuf::daemon
