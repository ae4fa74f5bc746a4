// One simulated schedule: clients, a process with its Core, its log and its worker, a disk, a sink,
// a clock. Every step is one event; the process may die between any two, and within the worker's
// work on the disk. The Judge outlives it. Everything follows from the seed.
#pragma once

#include <array>
#include <limits>
#include <memory>
#include <optional>

#include "daemon/route/core.h"
#include "daemon/route/log_work.h"
#include "tests/daemon/route/sim/judge.h"
#include "tests/daemon/route/sim/random.h"
#include "tests/daemon/route/sim/sim_log.h"
#include "tests/daemon/route/sim/sim_sink.h"

namespace rebuf::daemon::sim {

class World final : private Effects {
 public:
  explicit World(std::uint64_t seed, bool tell = false);  // tell: each event on stderr
  ~World() override;
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // The whole schedule: random events, then everything heals, comes to rest and is judged.
  // Throws Violation.
  void run();

 private:
  friend class SimRequest;
  struct Died {};  // thrown at a step on the disk

  // What the schedule chooses from.
  enum class Event : std::uint8_t {
    offer,
    commit,
    hear_commits,
    work,
    wait,
    wait_long,
    take,
    acknowledge,
    give_back,
    reopen,
    sink_down,
    sink_up,
    answer_probe,
    throttle,
    disk_full,
    disk_low,
    sync_fails,
    damage,
    dead_letters_full,
    pause,
    resume,
    catch_up,
    purge,
    step_clock,
    replay_letters,
    pass_letters,
    crash,
    restart,
  };
  static constexpr std::size_t events = 28;

  // Effects
  std::size_t submit(std::span<const sinks::OutMessage> messages) override;
  Status append(std::span<const Bytes> group, std::uint64_t tag) override;
  void resume_appends() override { log_->resume_appends(); }
  std::uint64_t disk_room() override {
    return disk_seen_low_ ? 0 : std::numeric_limits<std::uint64_t>::max();
  }
  void answer(std::shared_ptr<Request> request, Answer answer) override;
  std::uint64_t random(std::uint64_t bound) override { return random_.below(bound); }
  void begin_ids(const Request& /*request*/) override {}
  sinks::MessageId next_id() override;

  // the process
  void leave_foreign_entries();
  void start();
  void die();
  void stop_in_order();
  void offer();
  void commit(SimLog::Fault fault);
  void hear_commits();
  void work();  // one step of the worker: fetch, do, report
  void do_work();
  void report_work();
  void finish_work();
  void purge();  // as the operator, in the worker
  void step_clock();
  void replay_letters();
  void letters_answered(const Answer& answer);
  void pass_letters();
  void keep_letter(Bytes envelope);
  [[nodiscard]] std::int64_t wall_ms() const;
  void age();  // whoever is older than max_age may be dropped
  [[nodiscard]] Cursor marked(Cursor cursor) const;
  void tick();  // as the worker does: a look at the disk, and at the clocks
  void wait(std::chrono::milliseconds time);
  void hear_sink(std::size_t count);
  void tell_health(bool up, bool from_probe, std::chrono::milliseconds throttled);

  void choose_settings();
  void event(Event event);
  void event_of_the_disk(Event event);
  void event_of_the_operator(Event event);
  void heal();
  [[nodiscard]] bool at_rest() const;
  void come_to_rest();
  void tell(const char* what) const;
  void check() const;      // after every event: P4, P5
  void check_end() const;  // at rest

  const bool tell_;
  Random random_;
  Judge judge_;
  CoreSettings settings_;
  std::unique_ptr<SimDisk> disk_;
  std::unique_ptr<SimSink> sink_;
  std::unique_ptr<SimLog> log_;
  std::unique_ptr<Core> core_;
  std::array<std::uint32_t, events> weights_{};
  std::uint32_t partitions_ = 1;
  std::uint32_t poison_one_in_ = 0;
  std::size_t most_messages_ = 1;  // of a request
  std::uint64_t most_bytes_ = 8;   // of a value

  struct Doing {
    Work work;
    bool done = false;
    std::optional<Block> block;
    Housekept kept;
    Status status;
    Dropped dropped;
    std::uint64_t next_ordinal = 0;
  };
  std::optional<Doing> doing_;
  std::optional<std::uint64_t> steps_to_live_;  // of the worker's on the disk
  Clock::time_point now_{std::chrono::hours(1)};
  std::chrono::milliseconds wall_offset_{std::chrono::hours(1'000'000)};
  bool clock_stepped_ = false;
  std::vector<Clock::time_point> offered_at_;  // of each message, by number
  Number aged_ = 0;                            // these may be dropped for their age
  bool stopping_ = false;
  bool paused_ = false;
  bool healed_ = false;  // nothing fails any more
  bool disk_low_ = false;
  bool disk_seen_low_ = false;  // at the worker's last look
  bool dead_letters_full_ = false;
  bool probe_asked_ = false;
  bool sync_failed_ = false;
  // Died, lost its log or its cursor: counts of one process do not add up.
  bool interrupted_ = false;
  // Entries without ordinals: why one was dropped is not known exactly.
  bool foreign_ = false;
  // The dead letters, which outlive the process. The first `letters_out_` are on their way back.
  std::deque<std::vector<std::byte>> letters_;
  std::size_t letters_out_ = 0;
  std::optional<bool> letters_safe_;  // how that ended
  std::uint64_t ids_ = 0;
  std::uint64_t kept_bytes_ = 0;  // of requests that were answered and are still in memory
};

}  // namespace rebuf::daemon::sim
