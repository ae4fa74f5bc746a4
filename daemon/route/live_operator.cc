// The operator's verbs on a live route.
#include "daemon/route/live_route.h"
#include "daemon/route/log_work.h"

namespace rebuf::daemon {
namespace {

constexpr std::chrono::seconds worker_patience{8};  // less than rebufctl has

std::uint64_t purged(const Core& core) {
  return core.totals().dropped[static_cast<std::size_t>(DropReason::operator_)];
}

}  // namespace

void LiveRoute::pause() {
  with_core([](Core& core, Clock::time_point now) { core.pause(now); });
  say(LogLevel::warning, "paused by the operator");
}

void LiveRoute::resume() {
  with_core([](Core& core, Clock::time_point now) { core.resume(now); });
  say(LogLevel::info, "resumed by the operator");
}

void LiveRoute::catch_up() {
  with_core([](Core& core, Clock::time_point now) { core.catch_up(now); });
  say(LogLevel::info, "catches up: the drain's limits are lifted until the backlog is delivered");
}

Result<std::uint64_t> LiveRoute::purge(std::optional<SegmentId> through) {
  const auto count = std::make_shared<std::uint64_t>(0);
  const Status status = on_worker([this, through, count] {
    if (!log_) return Status(Code::closed, "the log is not open", dir_.string());
    const auto dropped = purge_segments(*log_, through, [this] {
      Cursor cursor = current_cursor();
      cursor.user = lifetime_bytes(false);
      return cursor;
    });
    if (!dropped) return dropped.status();
    disk_.look_at_once();
    with_core([&](Core& core, Clock::time_point now) {
      const std::uint64_t before = purged(core);
      core.purged(dropped->to, dropped->ordinal, log_->bytes(), now);
      *count = purged(core) - before;
    });
    say(LogLevel::warning, std::to_string(*count) + " messages were purged by the operator");
    return Status();
  });
  if (!status.ok()) return status;
  return *count;
}

Status LiveRoute::on_worker(std::function<Status()> task) {
  const auto queued = std::make_shared<Task>(Task{std::move(task), std::nullopt});
  std::unique_lock lock(mutex_);
  if (worker_stop_) return {Code::closed, "the route is stopping"};
  tasks_.push_back(queued);
  woken_ = true;
  wake_.notify_all();
  const auto ended = [&] { return queued->outcome.has_value(); };
  if (!task_ended_.wait_for(lock, worker_patience, ended))
    return {Code::closed, "the route is busy; it will be done later"};
  return *queued->outcome;
}

// Called by the worker, with the lock.
void LiveRoute::run_tasks(std::unique_lock<std::mutex>& lock) {
  while (!tasks_.empty()) {
    const auto task = tasks_.front();
    tasks_.pop_front();
    lock.unlock();
    Status outcome = task->run();
    lock.lock();
    task->outcome = std::move(outcome);
    task_ended_.notify_all();
  }
}

// The worker ends: nobody does what is still queued.
void LiveRoute::abandon_tasks() {
  for (const auto& task : tasks_) task->outcome = Status(Code::closed, "the route is stopping");
  tasks_.clear();
  task_ended_.notify_all();
}

}  // namespace rebuf::daemon
