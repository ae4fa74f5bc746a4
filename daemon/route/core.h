// The route's core: every decision about a message, and no I/O, no thread, no clock of its own.
// Events go in (offer, reports, health, appended, log_read, …), effects come out (effects.h), slow
// work is fetched (next_work, work.h). Time and randomness are arguments, so tests/daemon/route
// drives this very object through random schedules with crashes between any two events.
// docs/route.md has the states and the rules.
//
// What is in memory, in the route's order:
//
//   window_: [ with the sink or done … | waiting ]   gap: on disk only   tail_: [ committed, queued
//   ]
//            ^ cursor                                ^ gap_position_     ^ gap_end()
//
// and held_: requests not accepted yet. DIRECT: no gap, no tail; everything is in window_. An
// outage spills what the window holds as one group, then appends what comes to tail_; committed
// entries leave tail_'s front, so the gap grows. DRAINING reads the gap into window_; when it is
// read, tail_ joins window_ from memory, and the route is DIRECT again once nothing waits.
//
// Two rules hold everything together. The window's order is the sink's order and, for what is in
// the log, the log's order: so nothing is appended while the window has a message that should be in
// the log and is not (unspilled_). And a message is done only when it is delivered, told to its
// client as refused, dropped and counted, or durable in the dead letters: so the cursor may pass
// whatever is done at the window's front.
//
// One owner calls everything under one lock, with a `now` that does not go back.
#pragma once

#include <chrono>
#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "daemon/route.h"
#include "daemon/route/drain_pace.h"
#include "daemon/route/drain_turns.h"
#include "daemon/route/effects.h"
#include "daemon/route/entry.h"
#include "daemon/route/foreign.h"
#include "daemon/route/rate_meter.h"
#include "daemon/route/work.h"
#include "rebuf/log.h"

namespace rebuf::daemon {

struct CoreSettings {
  config::RouteConfig route;
  bool durable = true;                       // sync: every_write
  std::chrono::milliseconds probe_min{200};  // backoff of health probes
  std::chrono::milliseconds probe_max{2000};
  // Whether a probe can end the pauses of a sink that holds messages. It is no recovery all the
  // same.
  bool probe_while_held = false;
  std::chrono::milliseconds probe_rested{
      0};  // a healthy sink is asked when it rested so long; 0: never
  std::chrono::milliseconds cursor_lag{
      100};                           // a moved cursor is saved after this long at the latest
  std::size_t read_bytes = 1U << 20;  // of one read while draining, at most
  // What may be in memory for the sink, as MemoryBudget counts.
  std::uint64_t sink_memory = std::numeric_limits<std::uint64_t>::max();
  IdPrefix id_prefix{};                   // for entries of a Go writer, which have no id
  std::int64_t foreign_timestamp_ms = 0;  // and no time: when they were found
  std::int64_t built_at_ms = 0;           // a wall clock that is behind it is wrong
};

// What was found in the log when it was opened.
struct Recovered {
  std::uint64_t messages = 0;                  // behind the cursor
  std::uint64_t bytes = 0;                     // of these, framed (about)
  Position position;                           // of the cursor
  std::uint64_t next_ordinal = first_ordinal;  // for the next append
  std::optional<std::uint64_t> ordinal;        // expected at `position`, when known
  bool uncounted = false;                      // bad sectors: there may be more than `messages`
  std::int64_t oldest_arrival_ms = 0;          // of the first message, wall clock
  std::uint64_t log_bytes = 0;                 // of everything that stands in the log
  std::uint64_t undated_before = 0;            // as Core::undated_before
};

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
  // `log_bytes` here and below: everything that stands in the log now.
  void appended(std::span<const Appended> groups, std::uint64_t log_bytes, Clock::time_point now);
  void log_read(const Block& block, Clock::time_point now);
  void log_read_failed(Clock::time_point now);
  void dead_lettered(const Status& status, Clock::time_point now);
  // `active`: the number of the active segment after work.seal.
  void housekeeping_done(const HousekeepingWork& work, const Status& status,
                         std::optional<SegmentId> active, std::uint64_t log_bytes,
                         Clock::time_point now);
  // Everything before `to` was given up and is purged; `ordinal` is that of the first entry behind
  // it (or of the next to be written), when known.
  void dropped_oldest(const Status& status, Position to, std::optional<std::uint64_t> ordinal,
                      std::uint64_t log_bytes, Clock::time_point now);
  // The same by the operator's purge, which succeeded.
  void purged(Position to, std::optional<std::uint64_t> ordinal, std::uint64_t log_bytes,
              Clock::time_point now);
  // `next_ordinal` is one more than that of the last entry that stands in the log.
  void log_reopened(const Status& status, std::uint64_t next_ordinal, std::uint64_t log_bytes,
                    Clock::time_point now);
  // At least every 100 ms. `wall_ms`: the wall clock, since the epoch.
  void tick(Clock::time_point now, std::int64_t wall_ms);
  // The operator's verbs (core_operator.cc). A pause lasts until resume or the end of the process.
  void pause(Clock::time_point now);
  void resume(Clock::time_point now);
  void catch_up(Clock::time_point now);
  // As CoreSettings::sink_memory, from now on.
  void share_memory(std::uint64_t bytes) { settings_.sink_memory = bytes; }
  // No new requests from now on.
  void stop(Clock::time_point now);
  // What the sink has not acknowledged goes to the log.
  void spill_for_stop(Clock::time_point now);
  // The sink and the log have ended: whoever still waits is told, what nobody keeps is counted.
  void give_up(Clock::time_point now);

  // --- what the worker does next (core_work.cc) ---
  [[nodiscard]] Work next_work(Clock::time_point now);
  // Cheap: whether the worker should be woken now rather than at its next tick.
  [[nodiscard]] bool has_urgent_work(Clock::time_point now) const;
  // Whether nothing will happen but by an event from outside or by next_timer().
  [[nodiscard]] bool idle(Clock::time_point now) const;
  // When the worker is due although nothing happens; max: it is not.
  [[nodiscard]] Clock::time_point next_timer() const;

  // --- questions ---
  // While stopping: nothing is left that waiting for the sink would help.
  [[nodiscard]] bool quiet() const;
  [[nodiscard]] bool log_quiet() const { return queued_.empty(); }
  [[nodiscard]] bool dead_letters_quiet() const {
    return dead_letters_.empty() || !dead_letter_error_.empty();
  }
  [[nodiscard]] bool paused() const { return paused_; }
  [[nodiscard]] RouteState state() const;
  [[nodiscard]] Readiness readiness() const;
  // Everything of a snapshot but what the sink, the log and the dead letters know. Ages and times
  // are against the two clocks' now.
  void fill(RouteSnapshot& snapshot, Clock::time_point now,
            std::chrono::system_clock::time_point wall) const;
  [[nodiscard]] const Totals& totals() const { return totals_; }
  [[nodiscard]] std::uint64_t backlog() const { return backlog_; }
  [[nodiscard]] std::uint64_t in_flight() const { return in_flight_; }
  // The cursor as of now, for the last save of an orderly stop.
  [[nodiscard]] Cursor cursor() const;
  // Entries with a lower ordinal carry times of a wall clock that was set since; saved with the
  // cursor.
  [[nodiscard]] std::uint64_t undated_before() const;

 private:
  enum class Phase : std::uint8_t { direct, buffering, draining };
  using Time = Clock::time_point;

  // core_accept.cc: requests in
  [[nodiscard]] std::optional<Answer> refusal_now(std::uint64_t bytes) const;
  [[nodiscard]] bool drop_makes_room(const Answer& refusal, std::uint64_t bytes) const;
  [[nodiscard]] sinks::MessageId id_for(const Request& request, Bytes envelope);
  void make_entries(const std::shared_ptr<Request>& request, Time now);
  void count_accepted(const Request& request);
  [[nodiscard]] bool has_window_room(std::uint64_t bytes, std::size_t messages) const;
  [[nodiscard]] bool has_window_room(const Request& request) const;
  [[nodiscard]] bool has_direct_room(const Request& request) const;
  void admit_direct(const std::shared_ptr<Request>& request, Time now);
  void append_request(const std::shared_ptr<Request>& request, Time now);
  void flush_held(Time now);

  // core_append.cc: appends to the log and their ends
  [[nodiscard]] bool append_group(std::span<Entry* const> entries);
  void group_committed(const Appended& group, Time now);
  void group_failed(const Appended& group, Time now);
  void fail_unlogged_tail();
  void spill();
  void resume_log();

  // core_answer.cc: the one answer of each request
  void resolve(Entry& entry, bool buffered);
  void resolve_refused(Entry& entry, std::string_view detail);
  void decide(Entry& entry);
  void reject(Entry& entry);
  void settle_dead_letter(Entry& entry, std::string_view detail);
  void finish(Entry& last);
  void send(const std::shared_ptr<Request>& request);
  void answer_error(const std::shared_ptr<Request>& request, AnswerCode code, std::string detail,
                    std::uint32_t retry_after_s);
  void lose_given_back();
  void expire_requests(Time now);

  // core_deliver.cc: submitting, reports, give-backs
  void submit_ready(Time now);
  [[nodiscard]] bool submit_next(Time now);
  [[nodiscard]] std::size_t submit_allowance(Time now) const;
  [[nodiscard]] double rate_tokens(Time now) const;
  [[nodiscard]] std::size_t choose_outgoing(std::size_t allowed);
  void mark_submitted(std::size_t end, Time now);
  [[nodiscard]] sinks::OutMessage outgoing(const Entry& entry) const;
  void on_report(const sinks::Report& report, Entry& entry);
  void mark_delivered(Entry& entry, const sinks::Report& report);
  void given_back(Entry& entry, const sinks::Report& report);
  void submit_from_front();
  [[nodiscard]] bool one_goes_alone() const;
  void end_solitude(const Entry& delivered);
  void mark_done(Entry& entry);
  void drop(Entry& entry, DropReason reason);
  void drop_if_gone(Entry& entry);
  void pop_done();
  void note_cursor_change();
  void push_to_window(Entry* entry);
  [[nodiscard]] Entry* oldest_held();

  // core_refuse.cc: messages that the sink refuses for what they are
  [[nodiscard]] config::OnError policy(sinks::Refusal refusal) const;
  void refused(Entry& entry, const sinks::Report& report);
  void to_dead_letters(Entry& entry, std::string detail);

  // core_drain.cc: the gap
  [[nodiscard]] std::uint64_t gap_end() const;
  void open_gap(const Entry& first);
  void trim_tail();
  void join_tail();
  void read_entry(const EntryRef& ref, const Block& block, Time now);
  void advance_gap(std::uint64_t to, DropReason reason);
  void lost_in_gap(std::uint64_t messages, DropReason reason);

  // core_housekeeping.cc: the cursor, segments that go
  [[nodiscard]] bool nothing_logged() const;
  [[nodiscard]] std::optional<SegmentId> purgeable(Cursor& cursor) const;
  [[nodiscard]] std::optional<SegmentId> first_needed_segment() const;
  [[nodiscard]] bool wants_seal(Time now) const;
  [[nodiscard]] bool log_has_window_room() const;
  [[nodiscard]] std::optional<HousekeepingWork> housekeeping(Time now) const;
  void drop_logged(Entry& entry, DropReason reason);
  void drop_before(Position to, std::optional<std::uint64_t> ordinal, DropReason reason);
  void go_on_behind(Position to, std::optional<std::uint64_t> ordinal, DropReason reason, Time now);

  // core_time.cc: phases and timers
  void set_phase(Phase phase, Time now);
  void note_state(Time now);
  void enter_buffering(std::string reason, Time now);
  void start_buffering(std::string reason, Time now);
  void schedule_drain(Time now);
  void enter_draining(Time now);
  void enter_direct_if_caught_up(Time now);
  [[nodiscard]] bool stalled(Time now);
  void note_recovery(Time now);
  void probe_backoff(Time now);
  [[nodiscard]] bool too_many_dead_letters() const;

  // core_age.cc
  void look_at_wall_clock(std::int64_t wall_ms, Time now);
  [[nodiscard]] bool is_expired(const Entry& entry) const;

  // core_operator.cc
  [[nodiscard]] bool rate_limited() const;
  [[nodiscard]] std::string why_not_delivering() const;
  static constexpr std::string_view paused_reason = "paused by the operator";

  // core_work.cc
  [[nodiscard]] bool wants_dead_letter(Time now) const;
  [[nodiscard]] bool wants_drop(Time now) const;
  [[nodiscard]] bool wants_reopen(Time now) const;
  [[nodiscard]] std::size_t read_bytes() const;
  [[nodiscard]] bool wants_read(Time now) const;
  [[nodiscard]] Time next_probe() const;
  [[nodiscard]] bool wants_probe(Time now) const { return now >= next_probe(); }
  [[nodiscard]] std::int64_t oldest_arrival_ms() const;

  CoreSettings settings_;  // all but sink_memory stay as they are
  Effects& effects_;
  EntryPool pool_;

  // messages
  std::deque<Entry*> window_;
  std::uint64_t window_first_ = 1;     // place of window_[0]
  sinks::Token token_shift_ = 0;       // a message's token is its place plus this
  std::uint64_t oldest_held_ = 1;      // no place below it is with the sink
  std::size_t next_submit_ = 0;        // window_[next_submit_] is the first that waits
  std::uint64_t window_bytes_ = 0;     // of all of window_
  std::uint64_t submitted_bytes_ = 0;  // of window_[0 .. next_submit_)
  std::size_t in_sink_ = 0;            // entries that the sink holds
  std::size_t undecided_ = 0;  // refused ones before next_submit_; they take no room, for what
  std::uint64_t undecided_bytes_ = 0;  // decides them may stand behind them
  std::deque<Entry*> tail_;
  std::uint64_t tail_bytes_ = 0;
  std::deque<Entry*> queued_;         // appended, not yet committed; they stand in window_ or tail_
  std::deque<std::uint64_t> groups_;  // sizes of the groups that make up queued_
  std::uint64_t queued_bytes_ = 0;
  std::deque<std::shared_ptr<Request>> held_;
  Time next_expiry_ = Time::max();  // no request that waits has an earlier deadline
  struct PendingDeadLetter {
    Entry* entry;
    std::string detail;
  };
  std::deque<PendingDeadLetter> dead_letters_;
  std::vector<sinks::OutMessage> outgoing_;  // scratch
  std::vector<Bytes> group_;                 // scratch
  std::vector<Entry*> entries_;              // scratch

  // the log
  std::uint64_t next_ordinal_ = first_ordinal;
  std::uint64_t next_tag_ = 1;
  std::uint64_t log_bytes_ = 0;
  bool suspended_ = false;   // an append failed: the log takes none until resume_appends
  bool unspilled_ = false;   // not DIRECT, and the window has messages that should be in the log
  bool log_failed_ = false;  // it has to be opened again
  // Of the last request, when it was refused for want of room; else 1. At most a window: one that
  // asks for more says little about whether the next is taken.
  std::uint64_t refused_bytes_ = 1;
  std::string log_error_;
  Time log_retry_at_{};
  std::chrono::milliseconds log_backoff_{1000};
  bool gap_open_ = false;
  Position gap_position_;                     // where the next read begins
  std::optional<std::uint64_t> gap_ordinal_;  // expected there
  std::uint64_t gap_messages_ = 0;            // of the backlog, these are in the gap
  std::int64_t gap_arrival_ms_ = 0;           // of the message at gap_position_, about
  bool read_to_end_ = false;  // a backlog found at start: only the log's end ends the gap
  std::uint64_t gap_end_at_read_ = 0;
  Time read_retry_at_{};
  Cursor cursor_;  // before it all is done; perhaps not yet saved
  bool cursor_dirty_ = false;
  Time cursor_dirty_since_{};
  Time housekeeping_retry_at_{};
  Time last_commit_{};
  std::uint64_t commits_ = 0;
  std::uint64_t commits_at_seal_ = 0;
  std::optional<SegmentId> sealed_active_;   // the empty active segment after a seal
  std::optional<SegmentId> purged_through_;  // asked for last
  Time sealed_at_{};
  Position dropped_to_;  // by drop_oldest or the operator
  DropReason dropped_for_ = DropReason::full;
  Time drop_retry_at_{};

  // the wall clock, when buffer.max_age is set
  std::optional<std::chrono::milliseconds> wall_offset_;  // to the steady clock
  std::optional<Time> stepped_at_;                        // not long ago
  std::int64_t expired_before_ms_ = 0;
  std::uint64_t undated_before_ = 0;  // lower ordinals have no age that can be believed
  std::uint64_t dated_to_ = 0;        // nor have these and higher ones, yet

  // the worker
  bool reading_ = false;
  bool dead_lettering_ = false;
  bool housekeeping_ = false;
  bool dropping_ = false;
  bool reopening_ = false;

  // the sink
  bool channel_closed_ = false;  // a give-back is under way
  bool recall_wanted_ = false;
  bool recalled_ = false;  // by us: for a refusal that the policy retries
  bool sink_up_ = false;
  Time probe_at_{};
  std::chrono::milliseconds probe_delay_{0};
  Time throttled_until_{};
  Time last_ack_{};
  std::string last_error_;
  Time dead_letter_retry_at_{};
  std::string dead_letter_error_;
  std::uint32_t dead_letters_in_a_row_ = 0;
  DrainPace pace_;  // while draining
  DrainTurns turns_;
  double rate_tokens_ = 0;
  Time rate_at_{};

  // phases
  Phase phase_ = Phase::buffering;
  std::string phase_reason_;
  Time phase_at_{};
  RouteState noted_state_ = RouteState::buffering;  // and since when; noted at every tick
  Time state_since_{};
  std::optional<Time> drain_at_;  // healthy, waiting out the jitter
  bool stopping_ = false;
  bool paused_ = false;       // by the operator
  bool catching_up_ = false;  // the same: no limit on the rate until the backlog is read
  Time now_{};

  // counts
  Totals totals_;
  std::uint64_t backlog_ = 0;
  std::uint64_t backlog_bytes_ = 0;
  std::uint64_t in_flight_ = 0;
  RateMeter accept_rate_, deliver_rate_;
};

}  // namespace rebuf::daemon
