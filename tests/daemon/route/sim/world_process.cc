// The simulated process: what LiveRoute does around the Core, one step at a time.
#include <algorithm>
#include <cstring>

#include "tests/daemon/route/sim/world.h"

namespace rebuf::daemon::sim {

using std::chrono::milliseconds;

class SimRequest final : public Request {
 public:
  SimRequest(World& world, std::uint32_t number, Batch batch_in, Clock::time_point deadline_in)
      : Request(std::move(batch_in), deadline_in), world_(world), number_(number) {}
  ~SimRequest() override {
    if (kept_) world_.kept_bytes_ -= batch.bytes();
  }
  SimRequest(const SimRequest&) = delete;
  SimRequest& operator=(const SimRequest&) = delete;

  void on_answer(Answer&& answer) noexcept override { answer_ = std::move(answer); }
  void judge() {
    if (answer_.code == AnswerCode::ok) {
      kept_ = true;
      world_.kept_bytes_ += batch.bytes();
    }
    if (from_dead_letters)
      world_.letters_answered(answer_);
    else
      world_.judge_.answered(number_, answer_);
  }

 private:
  World& world_;
  const std::uint32_t number_;
  Answer answer_;
  bool kept_ = false;
};

// --- Effects ---

std::size_t World::submit(std::span<const sinks::OutMessage> messages) {
  if (paused_) throw Violation("a paused route delivers");
  return sink_->submit(messages);
}

Status World::append(std::span<const Bytes> group, std::uint64_t tag) {
  return log_->append(group, tag);
}

void World::answer(std::shared_ptr<Request> request, Answer answer) {
  request->on_answer(std::move(answer));
  static_cast<SimRequest&>(*request).judge();
}

sinks::MessageId World::next_id() {
  sinks::MessageId id;
  ++ids_;
  std::memcpy(id.bytes.data(), &ids_, sizeof ids_);
  return id;
}

// --- its life ---

// What the directory held before rebufd took it over, as answered before anything else.
void World::leave_foreign_entries() {
  if (!random_.one_in(4)) return;
  foreign_ = true;
  for (std::uint64_t i = random_.between(1, 6); i > 0; --i) {
    const std::uint32_t request = judge_.requests();
    const Number number = judge_.offered({static_cast<std::uint32_t>(random_.below(partitions_))});
    offered_at_.push_back(now_);
    const Bytes entry = std::as_bytes(std::span(&number, 1));
    disk_->append(std::span(&entry, 1));
    Answer answer;
    answer.buffered = 1;
    judge_.answered(request, answer);
  }
}

void World::start() {
  log_ = std::make_unique<SimLog>(*disk_, [this] {
    if (!steps_to_live_) return;
    if (*steps_to_live_ == 0) throw Died{};
    --*steps_to_live_;
  });
  Recovered found = find_backlog(*log_);
  const std::vector<std::byte> mark = log_->cursor_at_open().cursor.user;
  if (!mark.empty()) std::memcpy(&found.undated_before, mark.data(), sizeof found.undated_before);
  disk_->cursor = Cursor{found.position, found.ordinal.value_or(0), mark};
  core_ = std::make_unique<Core>(settings_, static_cast<Effects&>(*this));
  core_->start(found, now_);
  sink_->attach();
  tick();
  doing_.reset();
  steps_to_live_.reset();
  probe_asked_ = false;
  stopping_ = false;
  paused_ = false;
  for (std::size_t i = 0; i < letters_out_; ++i) judge_.maybe_repeated(number_of(letters_[i]));
  letters_out_ = 0;
  letters_safe_.reset();
}

void World::die() {
  interrupted_ = true;
  log_->crash(random_.below(log_->pending() + 1));
  sink_->crash();
  judge_.crashed();
  // What the clock did may not have been seen, or not saved.
  if (clock_stepped_)
    for (Number number = 0; number < offered_at_.size(); ++number) judge_.may_drop(number);
  if (disk_->cursor && random_.one_in(10)) {
    disk_->cursor_lost = true;
    judge_.cursor_lost();
  } else if (disk_->cursor) {
    std::set<Number> behind;
    for (const SimDisk::Segment& segment : disk_->segments)
      for (const SimDisk::Stored& stored : segment.entries)
        if (!(stored.begin < disk_->cursor->position)) behind.insert(number_of(*stored.data));
    for (const SimDisk::Segment& segment : disk_->segments)
      for (const SimDisk::Stored& stored : segment.entries)
        if (const Number number = number_of(*stored.data); !behind.contains(number))
          judge_.finished(number);
  }
  core_.reset();
  start();
}

// As LiveRoute::finish_stop.
void World::stop_in_order() {
  const auto commit_all = [this] {
    while (log_->pending() > 0 || !log_->ended.empty()) {
      commit(SimLog::Fault::none);
      hear_commits();
    }
  };
  interrupted_ = true;
  stopping_ = true;
  tick();  // the worker does so all the time
  core_->stop(now_);
  for (std::uint64_t i = random_.below(40); i > 0; --i)
    event(std::array{Event::take, Event::acknowledge, Event::commit, Event::hear_commits,
                     Event::work, Event::wait, Event::reopen}[random_.below(7)]);
  core_->spill_for_stop(now_);
  commit_all();
  if (!sink_->closed()) sink_->give_back();
  while (sink_->held() > 0) hear_sink(1000);
  core_->spill_for_stop(now_);
  commit_all();
  finish_work();
  for (int i = 0; i < 100 && !core_->dead_letters_quiet(); ++i) work();
  finish_work();
  core_->give_up(now_);
  check();
  if (core_->in_flight() != 0) throw Violation("P5: in flight after the stop");
  const Cursor cursor = marked(core_->cursor());
  ignore(log_->save_cursor(cursor), "the simulated one cannot fail");
  log_->end();
  // A cursor cannot say that a message behind one that is open was acknowledged.
  for (const SimDisk::Segment& segment : disk_->segments)
    for (const SimDisk::Stored& stored : segment.entries)
      if (!(stored.begin < cursor.position)) judge_.maybe_repeated(number_of(*stored.data));
  core_.reset();
  start();
}

// --- its threads ---

void World::offer() {
  std::vector<std::uint32_t> partitions(random_.between(1, most_messages_));
  for (auto& partition : partitions)
    partition = static_cast<std::uint32_t>(random_.below(partitions_));
  const std::uint32_t request = judge_.requests();
  const Number first = judge_.offered(partitions);
  Batch batch;
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    const Number number = first + static_cast<Number>(i);
    std::string value(random_.between(sizeof number, most_bytes_), 'x');
    std::memcpy(value.data(), &number, sizeof number);
    Envelope envelope;
    envelope.topic = settings_.route.topic;
    envelope.arrival_ms = wall_ms();
    offered_at_.push_back(now_);
    envelope.value = value;
    batch.add(envelope);
    if (poison_one_in_ > 0 && random_.one_in(poison_one_in_)) {
      sink_->make_poison(number);
      judge_.poisoned(number);
      if (settings_.route.on_too_large == config::OnError::drop) judge_.may_drop(number);
      if (settings_.route.on_too_large == config::OnError::retry) judge_.may_come_late(number);
    }
  }
  core_->offer(std::make_shared<SimRequest>(*this, request, std::move(batch),
                                            now_ + milliseconds(random_.between(300, 30'000))),
               now_);
}

void World::commit(SimLog::Fault fault) { log_->commit(random_.between(1, 4), fault); }

void World::hear_commits() {
  if (log_->ended.empty()) return;
  const auto count = static_cast<std::ptrdiff_t>(random_.between(1, log_->ended.size()));
  const std::vector<Appended> heard(log_->ended.begin(), log_->ended.begin() + count);
  log_->ended.erase(log_->ended.begin(), log_->ended.begin() + count);
  core_->appended(heard, disk_->bytes(), now_);
}

void World::hear_sink(std::size_t count) {
  const auto reports = sink_->reports(count);
  if (!reports.empty()) core_->reports(reports, now_);
}

void World::tell_health(bool up, bool from_probe, milliseconds throttled) {
  sinks::Health health;
  health.up = up;
  health.from_probe = from_probe;
  health.throttled_for = throttled;
  health.reason = "simulated";
  if (from_probe) probe_asked_ = false;
  core_->health(health, now_);
}

void World::tick() {
  disk_seen_low_ = disk_low_;
  core_->tick(now_, wall_ms());
}

void World::wait(milliseconds time) {
  constexpr milliseconds step{50};
  for (; time.count() > 0; time -= step) {
    now_ += std::min(time, step);
    age();
    tick();
  }
}

// A host's clock that was never set, or is set far from where it was.
void World::step_clock() {
  if (stopping_) return;
  clock_stepped_ = true;
  const auto far = std::chrono::hours(random_.between(1, 100'000));
  wall_offset_ += random_.one_in(2) ? far : -far;
}

std::int64_t World::wall_ms() const {
  return std::chrono::duration_cast<milliseconds>(now_.time_since_epoch() + wall_offset_).count();
}

void World::age() {
  const auto& max_age = settings_.route.buffer.max_age;
  if (!max_age) return;
  for (; aged_ < offered_at_.size() && now_ - offered_at_[aged_] > *max_age; ++aged_)
    judge_.may_drop(aged_);
}

Cursor World::marked(Cursor cursor) const {
  const std::uint64_t mark = core_->undated_before();
  cursor.user.resize(sizeof mark);
  std::memcpy(cursor.user.data(), &mark, sizeof mark);
  return cursor;
}

void World::finish_work() {
  while (doing_) work();
}

void World::purge() {
  if (doing_ || core_->state() == RouteState::failed) return;
  const SegmentId oldest = log_->stats().oldest.segment;
  std::optional<SegmentId> through;
  if (random_.one_in(2)) through = oldest + random_.below(3);
  log_->purging = Judge::Why::dropped;
  const auto dropped = purge_segments(*log_, through, [this] { return marked(core_->cursor()); });
  log_->purging = Judge::Why::done;
  if (dropped.ok()) core_->purged(dropped->to, dropped->ordinal, disk_->bytes(), now_);
}

// As DeadLetters::add: one that stands there and is not on its way back is not kept twice.
void World::keep_letter(Bytes envelope) {
  const Number number = number_of(envelope);
  judge_.dead_lettered(number);
  if (!decode(envelope)) return;  // of a Go writer: it would come back under a new id
  const auto begin = letters_.begin() + static_cast<std::ptrdiff_t>(letters_out_);
  if (std::none_of(begin, letters_.end(), [&](Bytes kept) { return number_of(kept) == number; }))
    letters_.emplace_back(envelope.begin(), envelope.end());
}

// As LiveRoute::replay_dead_letters, up to the answer.
void World::replay_letters() {
  if (letters_.empty() || letters_out_ > 0) return;
  if (random_.one_in(2)) {
    sink_->forgive();
    judge_.forgiven();
  }
  letters_out_ = random_.between(1, std::min<std::size_t>(letters_.size(), most_messages_));
  Batch batch;
  for (std::size_t i = 0; i < letters_out_; ++i) {
    auto envelope = *decode(letters_[i]);
    envelope.arrival_ms = wall_ms();
    batch.add(envelope);
    judge_.comes_back(number_in(envelope.value));
  }
  const auto request = std::make_shared<SimRequest>(
      *this, 0, std::move(batch), now_ + milliseconds(random_.between(300, 30'000)));
  request->from_dead_letters = true;
  core_->offer(request, now_);
}

void World::letters_answered(const Answer& answer) {
  letters_safe_ = answer.code == AnswerCode::ok;
  if (answer.code != AnswerCode::outcome_unknown) return;
  interrupted_ = true;  // the letters stay, and may be delivered and counted twice
  for (std::size_t i = 0; i < letters_out_; ++i) judge_.maybe_repeated(number_of(letters_[i]));
}

// The cursor of the dead letters moves on, or they stay.
void World::pass_letters() {
  if (!letters_safe_) return;
  for (; *letters_safe_ && letters_out_ > 0; --letters_out_) {
    const Number number = number_of(letters_.front());
    letters_.pop_front();
    const bool again = std::any_of(letters_.begin(), letters_.end(),
                                   [&](Bytes kept) { return number_of(kept) == number; });
    judge_.came_back(number, again);
  }
  letters_out_ = 0;
  letters_safe_.reset();
}

void World::work() {
  if (!doing_) {
    Work next = core_->next_work(now_);
    if (std::holds_alternative<std::monostate>(next)) return;
    doing_ = Doing();
    doing_->work = std::move(next);
  } else if (!doing_->done) {
    do_work();
    doing_->done = true;
  } else {
    report_work();
  }
}

void World::do_work() {
  Doing& doing = *doing_;
  if (const auto* read = std::get_if<ReadWork>(&doing.work)) {
    doing.block = *log_->reader(read->from)->next(read->max_bytes);
  } else if (const auto* letter = std::get_if<DeadLetterWork>(&doing.work)) {
    if (dead_letters_full_)
      doing.status = {Code::full, "the dead letters"};
    else
      keep_letter(letter->entry->envelope);
  } else if (const auto* housekeeping = std::get_if<HousekeepingWork>(&doing.work)) {
    HousekeepingWork work = *housekeeping;
    if (work.save) work.save = marked(*work.save);
    doing.kept = housekeep(*log_, work);
  } else if (std::holds_alternative<DropOldestWork>(doing.work)) {
    log_->purging = Judge::Why::dropped;
    const auto dropped = drop_oldest_segment(*log_, [this] { return marked(core_->cursor()); });
    log_->purging = Judge::Why::done;
    doing.status = dropped.status();
    if (dropped.ok()) doing.dropped = *dropped;
  } else if (std::holds_alternative<ReopenLogWork>(doing.work)) {
    interrupted_ = true;
    auto ended = std::move(log_->ended);
    const bool full = log_->disk_full;
    if (!healed_ && random_.one_in(4)) {
      doing.status = {Code::io, "open"};
    } else {
      log_->end();
      log_ = std::make_unique<SimLog>(*disk_, [] {});
      log_->disk_full = full;
      doing.next_ordinal = log_->last_ordinal_at_open().value_or(0) + 1;
    }
    if (!ended.empty()) throw Violation("the log is opened again with appends open");
  } else if (std::holds_alternative<ProbeWork>(doing.work)) {
    probe_asked_ = true;
  } else if (std::holds_alternative<RecallWork>(doing.work)) {
    if (!sink_->closed()) sink_->give_back();
  }
}

void World::report_work() {
  const Doing doing = std::move(*doing_);
  doing_.reset();
  const std::uint64_t bytes = disk_->bytes();
  if (std::holds_alternative<ReadWork>(doing.work))
    core_->log_read(*doing.block, now_);
  else if (std::holds_alternative<DeadLetterWork>(doing.work))
    core_->dead_lettered(doing.status, now_);
  else if (const auto* housekeeping = std::get_if<HousekeepingWork>(&doing.work))
    core_->housekeeping_done(*housekeeping, doing.kept.status, doing.kept.active, bytes, now_);
  else if (std::holds_alternative<DropOldestWork>(doing.work))
    core_->dropped_oldest(doing.status, doing.dropped.to, doing.dropped.ordinal, bytes, now_);
  else if (std::holds_alternative<ReopenLogWork>(doing.work))
    core_->log_reopened(doing.status, doing.next_ordinal, bytes, now_);
}

}  // namespace rebuf::daemon::sim
