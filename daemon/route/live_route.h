// A route at work: the core with its lock, its log, its channel into the sink, its dead letters and
// its worker thread.
//
// Threads: ingest threads call offer; the sink's threads the ChannelListener; the log's commit
// thread on_appended; the worker (one per route) does everything slow: reads, cursor, purge, dead
// letters, probes, timers. All of them meet under mutex_, which is held for decisions only, never
// over a system call that can block. Answers leave after the lock is released.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "daemon/disk_space.h"
#include "daemon/route.h"
#include "daemon/route/core.h"
#include "daemon/route/dead_letters.h"
#include "daemon/route/identity.h"
#include "daemon/route/lifetime.h"
#include "daemon/route/regroup.h"

namespace rebuf::daemon {

struct LiveRouteSettings {
  config::RouteConfig route;
  std::filesystem::path data_dir;  // the daemon's; the route's directory is <data_dir>/<route>
  DiskSpace* disk = nullptr;       // limits.keep_free; null: there is always room
  // This route's part of limits.memory for what its sink holds; and whose memory it is, to count
  // what is read from the log. Null: it is not counted.
  std::uint64_t sink_memory = std::numeric_limits<std::uint64_t>::max();
  MemoryBudget* memory = nullptr;
  std::chrono::milliseconds probe_max{2000};  // between two health probes, while the sink is down
  bool probe_while_held = false;              // as in CoreSettings
  std::chrono::milliseconds probe_rested{0};  // as in CoreSettings
  std::string machine_id;
  std::int64_t built_at_ms = 0;                            // of this program; buffer.max_age
  std::function<void(LogLevel, std::string_view)> logger;  // any thread
  FileSystem* file_system = nullptr;                       // of the log; tests replace it
};

class LiveRoute final : public Route,
                        public RouteControl,
                        private Effects,
                        private sinks::ChannelListener {
 public:
  // Opens the log and everything beside it, and reads how much is waiting. Errors: what stops the
  // route (P6): a directory that cannot be written, a lock that another process holds.
  [[nodiscard]] static Result<std::unique_ptr<LiveRoute>> open(LiveRouteSettings settings);
  ~LiveRoute() override;

  // Attaches to the sink, which must outlive the route, and starts the worker.
  void start(sinks::Sink& sink);
  // As LiveRouteSettings::sink_memory, from now on.
  void share_memory(std::uint64_t bytes);
  [[nodiscard]] bool paused() const;  // by the operator
  // From here on new requests are refused.
  void begin_stop();
  // After begin_stop: nothing is left that waiting for the sink would help.
  [[nodiscard]] bool quiet() const;
  // Waits until the sink has taken what is in transit (till the deadline), spills the rest, answers
  // everybody, closes the log. Blocks.
  void finish_stop(Clock::time_point deadline);

  [[nodiscard]] const config::RouteConfig& config() const override { return settings_.route; }
  void offer(std::shared_ptr<Request> request) override;
  void offer_all(std::span<const std::shared_ptr<Request>> requests) override;
  [[nodiscard]] RouteSnapshot snapshot() const override;
  [[nodiscard]] Readiness readiness() const override;
  [[nodiscard]] const RouteHistograms& histograms() const override { return histograms_; }
  [[nodiscard]] bool making_progress() const override;
  [[nodiscard]] RouteControl* control() override { return this; }

  // RouteControl (live_operator.cc)
  void pause() override;
  void resume() override;
  void catch_up() override;
  [[nodiscard]] Result<std::uint64_t> purge(std::optional<SegmentId> through) override;
  [[nodiscard]] Result<Replayed> replay_dead_letters() override;
  [[nodiscard]] Result<std::uint64_t> purge_dead_letters() override;

 private:
  explicit LiveRoute(LiveRouteSettings settings);
  [[nodiscard]] Result<std::unique_ptr<Log>> open_log();

  // Effects, under mutex_
  std::size_t submit(std::span<const sinks::OutMessage> messages) override;
  Status append(std::span<const Bytes> group, std::uint64_t tag) override;
  void resume_appends() override;
  std::uint64_t disk_room() override;
  void answer(std::shared_ptr<Request> request, Answer answer) override;
  std::uint64_t random(std::uint64_t bound) override;
  void begin_ids(const Request& request) override;
  sinks::MessageId next_id() override { return identity_.next(); }

  // ChannelListener, on the sink's threads
  void on_reports(std::span<const sinks::Report> reports) override;
  void on_health(const sinks::Health& health) override;
  void on_reopened() override;

  using Answers = std::vector<std::pair<std::shared_ptr<Request>, Answer>>;
  // Runs `event` on the core under the lock; answers and wakes afterwards.
  template <class Event>
  void with_core(Event&& event) {
    Answers answers;
    bool wake = false;
    {
      const std::lock_guard lock(mutex_);
      const auto now = Clock::now();
      event(*core_, now);
      answers.swap(answers_);
      if (!woken_ && core_->has_urgent_work(now)) wake = woken_ = true;
    }
    if (wake) wake_.notify_one();
    if (!answers.empty()) deliver(answers);
  }
  void deliver(Answers& answers);
  void count_ended(std::size_t groups);  // of appending_, the first

  // The worker
  void run();
  void perform(ReadWork& work);
  void count_memory(Block& block) const;
  void perform(DeadLetterWork& work);
  void perform(HousekeepingWork& work);
  void perform(DropOldestWork& work);
  void perform(ReopenLogWork& work);
  void perform(ProbeWork& work);
  void perform(RecallWork& work);
  void perform(std::monostate& /*nothing*/) {}
  // What the operator wants done on the worker's own things; waits for its end.
  struct Task {
    std::function<Status()> run;
    std::optional<Status> outcome;
  };
  [[nodiscard]] Status on_worker(std::function<Status()> task);
  [[nodiscard]] Result<Replayed> replay_some();
  void run_tasks(std::unique_lock<std::mutex>& lock);
  void abandon_tasks();
  [[nodiscard]] Status keep_letter(const DeadLetter& letter);
  [[nodiscard]] Cursor current_cursor() const;
  [[nodiscard]] std::vector<std::byte> lifetime_bytes(bool clean);
  void say(LogLevel level, std::string_view text) const;
  [[nodiscard]] static std::int64_t wall_ms();  // since the epoch

  const LiveRouteSettings settings_;
  const std::filesystem::path dir_;
  DiskSpace boundless_{dir_, 0};  // for a route that is given none
  DiskSpace& disk_{settings_.disk != nullptr ? *settings_.disk : boundless_};
  RouteHistograms histograms_;
  Regroup regroup_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;        // the worker
  std::condition_variable task_ended_;  // who waits in on_worker
  // Guarded by mutex_:
  std::unique_ptr<Core> core_;
  Identity identity_;
  std::mt19937_64 random_{std::random_device{}()};
  Answers answers_;
  std::deque<std::uint64_t> appending_;  // bytes of each group that has not ended
  bool worker_stop_ = false;
  bool woken_ = false;
  std::deque<std::shared_ptr<Task>> tasks_;
  std::optional<std::chrono::system_clock::time_point> last_delivery_;
  std::unique_ptr<Log> log_;  // replaced by the worker only

  // The worker's own:
  std::unique_ptr<Reader> reader_;
  std::unique_ptr<DeadLetters> dead_letters_;

  bool keeps_runs_ = false;  // the sink does; like the channel, set by start()
  std::unique_ptr<sinks::Channel> channel_;
  Lifetime before_;  // totals of earlier processes
  std::atomic<std::int64_t> last_tick_ns_{0};
  std::atomic<bool> replaying_{false};  // dead letters, on some thread
  std::thread worker_;
};

}  // namespace rebuf::daemon
