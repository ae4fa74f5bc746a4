#include "daemon/route/live_route.h"

#include <algorithm>
#include <utility>

#include "daemon/route/log_work.h"
#include "rebuf/file_system.h"

namespace rebuf::daemon {

LiveRoute::~LiveRoute() {
  if (worker_.joinable()) finish_stop(Clock::now());
}

void LiveRoute::deliver(Answers& answers) {
  const auto now = Clock::now();
  for (auto& [request, answer] : answers) {
    const double seconds = std::chrono::duration<double>(now - request->progress.offered).count();
    if (answer.code == AnswerCode::ok)
      (answer.buffered > 0 ? histograms_.ack_buffered : histograms_.ack_delivered).observe(seconds);
    request->on_answer(std::move(answer));
  }
}

void LiveRoute::start(sinks::Sink& sink) {
  sinks::ChannelOptions options;
  options.route = settings_.route.name;
  options.topic = settings_.route.topic;
  options.max_messages = settings_.route.window_max_messages;
  options.max_bytes = settings_.route.window_max_bytes;
  keeps_runs_ = sink.keeps_runs_together();
  channel_ = sink.attach(std::move(options), *this);
  // A first look at the clocks, before the first message comes.
  with_core([](Core& core, Clock::time_point now) { core.tick(now, wall_ms()); });
  last_tick_ns_ = Clock::now().time_since_epoch().count();
  worker_ = std::thread([this] { run(); });
}

void LiveRoute::offer(std::shared_ptr<Request> request) {
  with_core([&](Core& core, Clock::time_point now) { core.offer(std::move(request), now); });
}

void LiveRoute::offer_all(std::span<const std::shared_ptr<Request>> requests) {
  with_core([&](Core& core, Clock::time_point now) {
    for (const std::shared_ptr<Request>& request : requests) core.offer(request, now);
  });
}

void LiveRoute::share_memory(std::uint64_t bytes) {
  with_core([bytes](Core& core, Clock::time_point) { core.share_memory(bytes); });
}

bool LiveRoute::paused() const {
  const std::lock_guard lock(mutex_);
  return core_->paused();
}

void LiveRoute::begin_stop() {
  with_core([](Core& core, Clock::time_point now) { core.stop(now); });
}

bool LiveRoute::quiet() const {
  const std::lock_guard lock(mutex_);
  return core_->quiet();
}

void LiveRoute::finish_stop(Clock::time_point deadline) {
  constexpr auto log_patience = std::chrono::seconds(10);
  const auto wait_until = [this](Clock::time_point until, auto&& condition) {
    std::unique_lock lock(mutex_);
    while (!condition() && Clock::now() < until) wake_.wait_for(lock, std::chrono::milliseconds(5));
    return condition();
  };
  begin_stop();
  const bool quiet = wait_until(deadline, [this] { return core_->quiet(); });
  with_core([](Core& core, Clock::time_point now) { core.spill_for_stop(now); });
  wait_until(Clock::now() + log_patience, [this] { return core_->log_quiet(); });
  if (channel_) channel_->stop(quiet ? Clock::now() : std::max(Clock::now(), deadline));
  // What the sink gave back at the end and nobody had insured.
  with_core([](Core& core, Clock::time_point now) { core.spill_for_stop(now); });
  wait_until(Clock::now() + log_patience,
             [this] { return core_->log_quiet() && core_->dead_letters_quiet(); });
  {
    const std::lock_guard lock(mutex_);
    worker_stop_ = true;
  }
  wake_.notify_all();
  if (worker_.joinable()) worker_.join();
  reader_.reset();
  with_core([](Core& core, Clock::time_point now) { core.give_up(now); });
  std::unique_ptr<sinks::Channel> channel;
  {
    const std::lock_guard lock(mutex_);  // an operator may still ask for something
    channel = std::move(channel_);
  }
  channel.reset();
  if (log_) {
    Cursor cursor = current_cursor();
    cursor.user = lifetime_bytes(true);
    if (const Status status = log_->save_cursor(cursor); !status.ok())
      say(LogLevel::error, "the last cursor could not be saved: " + status.message());
    if (const Status status = log_->close(); !status.ok())
      say(LogLevel::error, "closing the log: " + status.message());
  }
  if (const Status status = dead_letters_->close(); !status.ok())
    say(LogLevel::error, "closing the dead letters: " + status.message());
}

// --- Effects: under mutex_, called by the core ---

std::size_t LiveRoute::submit(std::span<const sinks::OutMessage> messages) {
  return channel_ ? channel_->submit(messages) : 0;
}

Status LiveRoute::append(std::span<const Bytes> group, std::uint64_t tag) {
  Status status = log_->append(group, tag);
  if (!status.ok()) return status;
  regroup_.came();
  std::uint64_t bytes = 0;
  for (const Bytes entry : group) bytes += entry.size() + frame_bytes;
  appending_.push_back(bytes);
  disk_.appending(bytes);
  return status;
}

void LiveRoute::count_ended(std::size_t groups) {
  for (; groups > 0; --groups) {
    disk_.ended(appending_.front());
    appending_.pop_front();
  }
}

void LiveRoute::resume_appends() {
  if (log_) log_->resume_appends();
}

void LiveRoute::answer(std::shared_ptr<Request> request, Answer answer) {
  answers_.emplace_back(std::move(request), std::move(answer));
}

std::uint64_t LiveRoute::disk_room() { return disk_.room(); }

std::uint64_t LiveRoute::random(std::uint64_t bound) {
  return std::uniform_int_distribution<std::uint64_t>(0, bound - 1)(random_);
}

// What a request brings goes to one partition (sinks/kafka/partitioner.h), as far as one request to
// Kafka carries it; more would only keep the other partitions idle.
void LiveRoute::begin_ids(const Request& request) {
  if (!keeps_runs_) return;
  constexpr std::uint64_t carried_bytes = 512U << 10;
  // What is in a hurry goes in small requests to Kafka, to several partitions by turns: librdkafka
  // 2.0.2 polls without pause while messages of one partition wait behind five of its own and none
  // of another one does.
  constexpr std::uint64_t hurried_run = 8;
  constexpr std::uint64_t patient_run = 128;
  const std::uint64_t messages = request.batch.size();
  const std::uint64_t bytes = std::max<std::uint64_t>(request.batch.payload_bytes(), 1);
  const std::uint64_t longest =
      std::clamp<std::uint64_t>(carried_bytes * messages / bytes, 1, sinks::MessageId::run_length);
  const std::uint64_t shared = std::min(request.patient ? patient_run : hurried_run, longest);
  identity_.begin(messages, shared, longest);
  // Else what comes by turns, say a large request and a small one, would go by turns, too.
  constexpr std::uint64_t seldom = 8;
  if (messages > shared && random(seldom) == 0) identity_.skip_run();
}

// --- ChannelListener ---

void LiveRoute::on_reports(std::span<const sinks::Report> reports) {
  const bool any = std::any_of(reports.begin(), reports.end(), [](const sinks::Report& report) {
    return report.outcome == sinks::Outcome::delivered;
  });
  with_core([&](Core& core, Clock::time_point now) {
    if (any) last_delivery_ = std::chrono::system_clock::now();
    core.reports(reports, now);
  });
}

void LiveRoute::on_health(const sinks::Health& health) {
  with_core([&](Core& core, Clock::time_point now) { core.health(health, now); });
}

void LiveRoute::on_reopened() {
  with_core([](Core& core, Clock::time_point now) { core.reopened(now); });
}

// --- questions ---

RouteSnapshot LiveRoute::snapshot() const {
  RouteSnapshot snapshot;
  const std::lock_guard lock(mutex_);
  core_->fill(snapshot, Clock::now(), std::chrono::system_clock::now());
  snapshot.lifetime = sum(before_.totals, snapshot.totals);
  snapshot.lifetime_exact = before_.exact;
  snapshot.last_delivery = last_delivery_;
  snapshot.dead_letter_messages = dead_letters_->count();
  if (log_) {
    const Stats stats = log_->stats();
    snapshot.backlog_segments =
        snapshot.backlog_messages == 0 ? 0 : stats.segments + (stats.active_bytes > 0 ? 1 : 0);
    snapshot.log_damaged_bytes = stats.damaged_bytes;
  }
  return snapshot;
}

Readiness LiveRoute::readiness() const {
  const std::lock_guard lock(mutex_);
  return core_->readiness();
}

bool LiveRoute::making_progress() const {
  constexpr auto longest = std::chrono::seconds(30);
  const auto last =
      Clock::time_point(Clock::duration(last_tick_ns_.load(std::memory_order_relaxed)));
  return Clock::now() - last < longest;
}

Cursor LiveRoute::current_cursor() const {
  const std::lock_guard lock(mutex_);
  return core_->cursor();
}

std::vector<std::byte> LiveRoute::lifetime_bytes(bool clean) {
  Lifetime lifetime = before_;
  {
    const std::lock_guard lock(mutex_);
    lifetime.totals = sum(before_.totals, core_->totals());
    lifetime.waiting = core_->backlog() + core_->in_flight();
    lifetime.undated_before = core_->undated_before();
  }
  lifetime.clean = clean;
  return encode(lifetime);
}

std::int64_t LiveRoute::wall_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

void LiveRoute::say(LogLevel level, std::string_view text) const {
  if (settings_.logger) settings_.logger(level, text);
}

// --- the worker ---

void LiveRoute::run() {
  constexpr auto busy = std::chrono::milliseconds(20);
  constexpr auto idle = std::chrono::milliseconds(500);
  constexpr auto least = std::chrono::milliseconds(1);
  std::unique_lock lock(mutex_);
  while (!worker_stop_) {
    woken_ = false;
    run_tasks(lock);
    lock.unlock();
    disk_.look();
    with_core([&](Core& core, Clock::time_point now) { core.tick(now, wall_ms()); });
    last_tick_ns_.store(Clock::now().time_since_epoch().count(), std::memory_order_relaxed);
    lock.lock();
    Work work = core_->next_work(Clock::now());
    if (std::holds_alternative<std::monostate>(work)) {
      const auto now = Clock::now();
      const auto until =
          core_->idle(now) ? std::clamp(core_->next_timer(), now + least, now + idle) : now + busy;
      wake_.wait_until(lock, until, [this] { return woken_ || worker_stop_; });
      continue;
    }
    lock.unlock();
    std::visit([this](auto& chosen) { perform(chosen); }, work);
    lock.lock();
  }
  abandon_tasks();
}

void LiveRoute::perform(ReadWork& work) {
  if (!reader_) reader_ = log_->reader(work.from);
  if (reader_->position() != work.from) reader_->seek(work.from);
  auto block = reader_->next(work.max_bytes);
  if (block.ok()) count_memory(*block);
  with_core([&](Core& core, Clock::time_point now) {
    if (block.ok())
      core.log_read(*block, now);
    else
      core.log_read_failed(now);
  });
  if (!block.ok()) say(LogLevel::error, "reading the log: " + block.status().message());
}

// It counts as long as any entry of the block is in the window.
void LiveRoute::count_memory(Block& block) const {
  if (settings_.memory == nullptr || block.entries.empty()) return;
  using Counted = std::pair<std::shared_ptr<const void>, MemoryBudget::Charge>;
  std::uint64_t bytes = 0;
  for (const EntryRef& entry : block.entries) bytes += entry.data.size() + frame_bytes;
  block.memory = std::make_shared<Counted>(
      std::move(block.memory),
      settings_.memory->charge(MemoryBudget::cost(bytes, block.entries.size())));
}

void LiveRoute::perform(DeadLetterWork& work) {
  DeadLetter letter;
  letter.time_ms = wall_ms();
  letter.reason = sinks::to_string(work.entry->refusal);
  letter.sink = settings_.route.sink;
  letter.detail = work.detail;
  letter.envelope = work.entry->envelope;
  const Status status = keep_letter(letter);
  if (!status.ok())
    say(LogLevel::error, "a dead letter cannot be kept, the route waits: " + status.message());
  with_core([&](Core& core, Clock::time_point now) { core.dead_lettered(status, now); });
}

void LiveRoute::perform(HousekeepingWork& work) {
  if (work.save) work.save->user = lifetime_bytes(false);
  const Housekept done = housekeep(*log_, work);
  if (!done.status.ok()) say(LogLevel::error, "cursor and segments: " + done.status.message());
  if (work.purge_through) disk_.look_at_once();
  with_core([&](Core& core, Clock::time_point now) {
    core.housekeeping_done(work, done.status, done.active, log_->bytes(), now);
  });
}

void LiveRoute::perform(DropOldestWork& /*work*/) {
  const auto dropped = drop_oldest_segment(*log_, [this] {
    Cursor cursor = current_cursor();
    cursor.user = lifetime_bytes(false);
    return cursor;
  });
  disk_.look_at_once();
  with_core([&](Core& core, Clock::time_point now) {
    const Dropped what = dropped.ok() ? *dropped : Dropped{};
    core.dropped_oldest(dropped.status(), what.to, what.ordinal, log_->bytes(), now);
  });
}

void LiveRoute::perform(ReopenLogWork& /*work*/) {
  reader_.reset();
  std::unique_ptr<Log> old;
  {
    const std::lock_guard lock(mutex_);
    old = std::move(log_);  // nobody appends meanwhile: the core knows that it failed
  }
  if (old) ignore(old->close(), "it failed before; opening it again says what is wrong");
  old.reset();
  auto log = open_log();
  const Status status = log.status();
  std::uint64_t next = 0;
  if (status.ok()) {
    const auto last = (*log)->last_ordinal_at_open();
    next = last ? *last + 1 : first_ordinal;
    const std::lock_guard lock(mutex_);
    log_ = std::move(*log);
  }
  say(status.ok() ? LogLevel::warning : LogLevel::error,
      status.ok() ? std::string("the log was opened again after a failure")
                  : "opening the log again: " + status.message());
  with_core([&](Core& core, Clock::time_point now) {
    core.log_reopened(status, next, log_ ? log_->bytes() : 0, now);
  });
}

void LiveRoute::perform(ProbeWork& /*work*/) { channel_->probe(); }

void LiveRoute::perform(RecallWork& /*work*/) { channel_->recall(); }

// Half of limits.keep_free is for dead letters: a backlog that has filled the disk up to it must
// not be held up for ever by one message that the sink refuses.
Status LiveRoute::keep_letter(const DeadLetter& letter) {
  disk_.look_at_once();  // letters are rare
  if (disk_.half_used())
    return {Code::full, "less than half of limits.keep_free is left on the disk", dir_.string()};
  return dead_letters_->add(letter);
}

}  // namespace rebuf::daemon
