// The route's core: every decision about a message, and no I/O, no thread, no clock of its own.
// Events go in (offer, reports, health, appended, log_read, …), effects come out (effects.h), slow
// work is fetched (next_work). Time and randomness are arguments, so tests/daemon/route drives this
// very object through random schedules with crashes between any two events.
//
// What is in memory, in the route's order:
//
//     window_: [ at the sink or done … | waiting ]   gap on disk only   tail_: [ queued, committed
//     ]   held_: requests not accepted
//              ^ cursor                              ^ gap_position_    ^ gap_end()
//
// DIRECT: no gap, no tail; everything is in window_. An outage spills window_'s unlogged entries as
// one group, then appends what comes to tail_; committed entries leave tail_'s front, so the gap
// grows. DRAINING reads the gap into window_; when the gap closes, tail_ joins window_ and is
// submitted from memory, and the route is DIRECT again once nothing waits.
//
// One owner calls everything under one lock. Events must come with a `now` that does not go back.
#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "daemon/route.h"
#include "daemon/route/effects.h"
#include "daemon/route/entry.h"
#include "daemon/route/foreign.h"
#include "daemon/route/rate_meter.h"
#include "rebuf/log.h"

namespace rebuf::daemon {

struct CoreSettings {
  config::RouteConfig route;
  bool durable = true;                       // sync: every_write
  std::chrono::milliseconds probe_min{200};  // backoff of health probes
  std::chrono::milliseconds probe_max{2000};
  std::chrono::milliseconds cursor_lag{
      100};                               // a moved cursor is saved after this long at the latest
  std::size_t read_bytes = 1U << 20;      // of one read while draining
  IdPrefix id_prefix{};                   // for entries of a Go writer, which have no id
  std::int64_t foreign_timestamp_ms = 0;  // and no time: when they were found
};

// What was found in the log when it was opened.
struct Recovered {
  std::uint64_t messages = 0;            // behind the cursor
  std::uint64_t without_ordinal = 0;     // of these, a Go writer's
  std::uint64_t bytes = 0;               // of these, framed (about)
  Position position;                     // of the cursor
  std::uint64_t next_ordinal = 0;        // for the next append
  std::optional<std::uint64_t> ordinal;  // expected at `position`, when known
  std::int64_t oldest_arrival_ms = 0;    // of the first message, wall clock
  std::uint64_t log_bytes = 0;           // of everything that stands in the log
};

// Slow work, done by the route's worker without the lock, reported back with the event of the same
// name.
struct ReadWork {
  Position from;
  std::size_t max_bytes;
};
struct DeadLetterWork {
  Entry* entry;  // stays valid until dead_lettered()
  std::string detail;
};
// Saves the cursor; then completes the active segment; then purges.
struct HousekeepingWork {
  std::optional<Cursor> save;  // `user` is filled in by the worker
  bool seal = false;
  std::optional<SegmentId> purge_through;
};
struct DropOldestWork {};  // on_full: drop_oldest
struct ReopenLogWork {};
struct ProbeWork {};
struct RecallWork {};
using Work = std::variant<std::monostate, ReadWork, DeadLetterWork, HousekeepingWork,
                          DropOldestWork, ReopenLogWork, ProbeWork, RecallWork>;

class Core {
 public:
  Core(CoreSettings settings, Effects& effects);
  ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  // Once, before anything else.
  void start(const Recovered& found, Clock::time_point now);

  // --- events ---
  void offer(std::shared_ptr<Request> request, Clock::time_point now);
  void reports(std::span<const sinks::Report> reports, Clock::time_point now);
  void health(const sinks::Health& health, Clock::time_point now);
  void reopened(Clock::time_point now);  // the channel takes messages again
  void appended(std::span<const Appended> groups, std::uint64_t log_bytes, Clock::time_point now);
  void log_read(const Block& block, Clock::time_point now);
  void log_read_failed(Clock::time_point now);
  void dead_lettered(Entry* entry, const Status& status, Clock::time_point now);
  // `active` is the number of the active segment after a seal.
  void housekeeping_done(const HousekeepingWork& work, const Status& status,
                         std::optional<SegmentId> active, std::uint64_t log_bytes,
                         Clock::time_point now);
  // Everything before `to` (whose entry has `ordinal`) was given up and is purged.
  void dropped_oldest(const Status& status, Position to, std::uint64_t ordinal,
                      std::uint64_t log_bytes, Clock::time_point now);
  void log_reopened(const Status& status, std::uint64_t next_ordinal, std::uint64_t log_bytes,
                    Clock::time_point now);
  // At least every 100 ms. `disk_low`: less than keep_free is left.
  void tick(Clock::time_point now, bool disk_low);
  // No new requests from now on.
  void stop(Clock::time_point now);
  // What the sink still has not acknowledged goes to the log.
  void spill_for_stop(Clock::time_point now);
  // The end of the sink and of the log: whoever still waits is told that nobody knows.
  void give_up(Clock::time_point now);

  // --- what the worker does next ---
  [[nodiscard]] Work next_work(Clock::time_point now);
  // Cheap: whether the worker should be woken now rather than at its next tick.
  [[nodiscard]] bool has_urgent_work(Clock::time_point now) const;
  [[nodiscard]] bool idle() const;

  // --- questions ---
  [[nodiscard]] bool quiet()
      const;  // while stopping: nothing is left that waiting for the sink would help
  [[nodiscard]] bool log_quiet() const { return queued_.empty(); }
  [[nodiscard]] bool dead_letters_quiet() const {
    return dead_letters_.empty() || !dead_letter_error_.empty();
  }
  // Everything below was committed.
  [[nodiscard]] std::uint64_t committed_ordinal() const {
    return queued_.empty() ? next_ordinal_ : queued_.front()->ordinal;
  }
  [[nodiscard]] RouteState state() const;
  [[nodiscard]] Readiness readiness() const;
  // Everything of a snapshot but what the sink and the dead letters know. Ages and times are
  // against the two clocks' now.
  void fill(RouteSnapshot& snapshot, Clock::time_point now,
            std::chrono::system_clock::time_point wall) const;
  [[nodiscard]] const Totals& totals() const { return totals_; }
  [[nodiscard]] std::uint64_t backlog() const { return backlog_; }
  [[nodiscard]] std::uint64_t in_flight() const { return in_flight_; }
  // The cursor as of now, for the last save of an orderly stop.
  [[nodiscard]] Cursor cursor() const;

 private:
  enum class Phase : std::uint8_t { direct, buffering, draining };
  using Time = Clock::time_point;

  // core_accept.cc: requests in, log appends and their ends, answers
  void accept(const std::shared_ptr<Request>& request, Time now, bool to_log);
  [[nodiscard]] bool has_direct_room() const;
  void admit_direct(const std::shared_ptr<Request>& request, Time now);
  void append_request(const std::shared_ptr<Request>& request, Time now);
  [[nodiscard]] std::optional<Answer> refusal_now(std::uint64_t bytes) const;
  void flush_held(Time now);
  bool append_group(std::span<Entry* const> entries);
  void group_committed(const Appended& group, Time now);
  void group_failed(const Appended& group, Time now);
  void spill(Time now);
  void resolve(Entry& entry, bool buffered, Time now);
  void resolve_refused(Entry& entry, std::string_view detail, Time now);
  void finish(const std::shared_ptr<Request>& request, Time now);
  void send(const std::shared_ptr<Request>& request);
  void fail_unlogged_tail(AnswerCode code);
  void answer_error(const std::shared_ptr<Request>& request, AnswerCode code, std::string detail,
                    std::uint32_t retry_after_s);
  void answer_lost(Entry& entry, bool maybe_delivered);
  void expire_requests(Time now);

  // core_deliver.cc: submitting, reports, give-backs
  void submit_ready(Time now);
  [[nodiscard]] std::size_t submit_allowance(Time now) const;
  void given_back(Entry& entry, const sinks::Report& report, Time now);
  void refused(Entry& entry, const sinks::Report& report, Time now);
  void mark_done(Entry& entry);
  void mark_delivered(Entry& entry, const sinks::Report& report, Time now);
  void rewind_submission();
  [[nodiscard]] sinks::OutMessage outgoing(const Entry& entry, sinks::Token token) const;
  void pop_done();
  void to_dead_letters(Entry& entry, std::string detail);
  void drop(Entry& entry, DropReason reason);
  [[nodiscard]] config::OnError policy(sinks::Refusal refusal) const;

  // core_drain.cc: the gap, the cursor, segments
  [[nodiscard]] std::uint64_t gap_end() const;
  [[nodiscard]] Position end_in_memory() const;
  [[nodiscard]] bool nothing_logged() const;
  void trim_tail();
  void close_gap_if_met();
  void lost_in_gap(std::uint64_t messages, Time now);
  [[nodiscard]] bool wants_read() const;
  [[nodiscard]] std::optional<HousekeepingWork> housekeeping(Time now) const;
  [[nodiscard]] std::optional<SegmentId> purgeable(Position& cursor) const;

  // core_time.cc: phases and timers
  void enter_buffering(std::string reason, Time now);
  void enter_draining(Time now);
  void enter_direct_if_caught_up(Time now);
  void set_phase(Phase phase, Time now);
  void note_recovery(Time now);
  void schedule_drain(Time now);
  void probe_backoff(Time now);
  [[nodiscard]] bool stalled(Time now) const;
  [[nodiscard]] bool wants_drop() const;
  [[nodiscard]] bool wants_dead_letter(Time now) const;
  [[nodiscard]] bool wants_probe(Time now) const;
  [[nodiscard]] const Entry* oldest_submitted() const;

  const CoreSettings settings_;
  Effects& effects_;
  EntryPool pool_;

  // messages
  std::deque<Entry*> window_;
  sinks::Token window_base_ = 1;       // token of window_[0]
  std::size_t next_submit_ = 0;        // window_[next_submit_] is the first that waits
  std::uint64_t window_bytes_ = 0;     // of all of window_
  std::uint64_t submitted_bytes_ = 0;  // of window_[0 .. next_submit_)
  std::size_t in_sink_ = 0;            // entries with at_sink == submitted
  std::deque<Entry*> tail_;
  std::uint64_t tail_bytes_ = 0;
  std::deque<Entry*>
      queued_;  // appended and not yet committed, in order; they stand in window_ or tail_
  std::deque<std::uint64_t> groups_;  // sizes of the groups that make up queued_
  std::uint64_t queued_bytes_ = 0;
  std::deque<std::shared_ptr<Request>> held_;
  std::deque<std::weak_ptr<Request>> unanswered_;  // accepted or held, in order of offer
  std::vector<sinks::OutMessage> outgoing_;        // scratch
  std::vector<Bytes> group_;                       // scratch
  std::vector<Entry*> group_entries_;              // scratch
  struct PendingDeadLetter {
    Entry* entry;
    std::string detail;
  };
  std::deque<PendingDeadLetter> dead_letters_;

  // the log
  std::uint64_t next_ordinal_ = 0;
  std::uint64_t next_tag_ = 1;
  std::uint64_t log_bytes_ = 0;  // that stand in the log, purged segments excluded
  bool gap_open_ = false;
  Position gap_position_;                     // where the next read begins
  std::optional<std::uint64_t> gap_ordinal_;  // expected there
  std::uint64_t foreign_left_ =
      0;  // entries without ordinals that were counted at start and not yet read
  bool read_to_end_ =
      false;  // entries without ordinals may stand in the gap: it closes at the log's end only
  std::uint64_t gap_end_at_read_ = 0;
  std::int64_t gap_arrival_ms_ = 0;  // of the entry at gap_position_, about
  bool reading_ = false;
  Time read_retry_at_{};
  Cursor cursor_;  // of what is done, perhaps not yet saved
  Position saved_position_;
  Time cursor_dirty_since_{};
  bool cursor_dirty_ = false;
  bool housekeeping_ = false;  // under way
  Time housekeeping_retry_at_{};
  Time last_commit_{};
  std::optional<SegmentId> sealed_active_;   // the active segment since the last seal, when nothing
                                             // was committed after it
  std::optional<SegmentId> purged_through_;  // asked for last
  bool spill_failed_ = false;
  bool log_full_ = false;
  bool log_failed_ = false;
  bool reopening_ = false;
  bool disk_low_ = false;
  bool dropping_ = false;  // the worker is at it
  bool drop_failed_ = false;
  std::string log_error_;
  Time log_retry_at_{};
  std::chrono::milliseconds log_backoff_{1000};

  // the sink
  bool channel_closed_ = false;  // a give-back is under way
  bool recall_wanted_ = false;
  bool recalled_ = false;  // by us: for a refusal that the policy retries
  bool sink_up_ = false;
  bool probing_ = false;
  Time probe_at_{};
  std::chrono::milliseconds probe_delay_{0};
  Time throttled_until_{};
  Time last_ack_{};
  std::string last_error_;
  bool dead_lettering_ = false;
  Time dead_letter_retry_at_{};
  std::string dead_letter_error_;
  std::uint32_t dead_letters_in_a_row_ = 0;
  std::size_t drain_limit_ =
      0;  // messages in the sink while draining; grows, halves when throttled
  double rate_tokens_ = 0;
  Time rate_at_{};

  // phases
  Phase phase_ = Phase::buffering;
  std::string phase_reason_;
  Time phase_at_{};
  std::optional<Time> drain_at_;  // healthy, waiting out the jitter
  bool stopping_ = false;
  Time now_{};

  // counts
  Totals totals_;
  std::uint64_t backlog_ = 0;
  std::uint64_t backlog_bytes_ = 0;
  std::uint64_t in_flight_ = 0;
  RateMeter accept_rate_, deliver_rate_;
};

}  // namespace rebuf::daemon
