// The schedule: what may happen, and what must hold after each event and at the end.
#include "tests/daemon/route/sim/world.h"

#include <cinttypes>
#include <cstdio>
#include <numeric>

namespace rebuf::daemon::sim {
namespace {

using std::chrono::milliseconds;

constexpr std::array names{"offer",
                           "commit",
                           "hear commits",
                           "work",
                           "wait",
                           "wait long",
                           "take",
                           "acknowledge",
                           "give back",
                           "reopen",
                           "sink down",
                           "sink up",
                           "answer probe",
                           "throttle",
                           "disk full",
                           "disk low",
                           "sync fails",
                           "damage",
                           "dead letters full",
                           "pause",
                           "resume",
                           "catch up",
                           "purge",
                           "step the clock",
                           "replay letters",
                           "pass letters",
                           "crash",
                           "restart"};

template <std::size_t N>
std::uint64_t sum(const std::array<std::uint64_t, N>& counters) {
  return std::accumulate(counters.begin(), counters.end(), std::uint64_t{0});
}

}  // namespace

World::World(std::uint64_t seed, bool tell) : tell_(tell), random_(seed) {
  choose_settings();
  leave_foreign_entries();
  start();
}

World::~World() {
  core_.reset();  // before what its requests point to
}

void World::choose_settings() {
  config::RouteConfig& route = settings_.route;
  route.name = "route";
  route.sink = "sink";
  route.topic = "topic";
  const std::uint64_t ack = random_.below(6);
  route.ack = ack == 0   ? config::Ack::delivered
              : ack == 1 ? config::Ack::buffered
                         : config::Ack::delivered_or_buffered;
  route.spill_after = milliseconds(random_.between(200, 1000));
  route.window_max_messages = static_cast<std::uint32_t>(random_.between(2, 12));
  route.window_max_bytes = random_.between(400, 2000);
  route.buffer.segment_size = random_.between(200, 1500);
  route.buffer.on_full = random_.one_in(3) ? config::OnFull::drop_oldest : config::OnFull::reject;
  most_messages_ = random_.between(1, 5);
  most_bytes_ = random_.one_in(4) ? 600 : 60;
  route.buffer.max_bytes = 2 * route.window_max_bytes + route.buffer.segment_size +
                           random_.below(random_.one_in(2) ? 1000 : 100'000);
  route.drain_jitter = milliseconds(random_.one_in(2) ? 0 : 300);
  if (random_.one_in(8)) route.drain_max_rate = 200;
  const std::uint64_t policy = random_.below(4);
  route.on_too_large = policy == 0   ? config::OnError::drop
                       : policy == 1 ? config::OnError::retry
                                     : config::OnError::dead_letter;
  if (random_.one_in(4)) route.buffer.max_age = milliseconds(random_.between(1000, 20'000));
  settings_.built_at_ms = wall_ms();
  settings_.read_bytes = random_.between(100, 1500);
  if (random_.one_in(2)) settings_.sink_memory = random_.between(600, 6000);
  partitions_ = static_cast<std::uint32_t>(random_.between(1, 3));
  poison_one_in_ = random_.one_in(2) ? 0 : 8;
  // Each schedule has its own mix of events, so that some have long quiet stretches and others
  // none.
  for (std::uint32_t& weight : weights_)
    weight = std::array<std::uint32_t, 4>{0, 1, 2, 6}[random_.below(4)];
  for (const Event event : {Event::offer, Event::take, Event::acknowledge, Event::commit,
                            Event::hear_commits, Event::work, Event::wait})
    weights_[static_cast<std::size_t>(event)] += 4;
  for (const Event event :
       {Event::crash, Event::restart, Event::damage, Event::sync_fails, Event::disk_full,
        Event::disk_low, Event::dead_letters_full, Event::pause, Event::purge, Event::step_clock}) {
    auto& weight = weights_[static_cast<std::size_t>(event)];
    weight = random_.one_in(2) ? 0 : std::min(weight, 1U);
  }
  disk_ = std::make_unique<SimDisk>(judge_, route.buffer.segment_size);
  sink_ =
      std::make_unique<SimSink>(judge_, random_, route.window_max_messages, route.window_max_bytes);
  if (policy == 1) sink_->expect_retries();
}

void World::tell(const char* what) const {
  if (!tell_) return;
  const auto& totals = core_->totals();
  std::fprintf(stderr,
               "%8" PRId64
               " ms  %-18s %-9s accepted %llu delivered %llu backlog %llu in flight %llu held "
               "%zu queued %zu log %llu\n",
               std::chrono::duration_cast<milliseconds>(now_.time_since_epoch()).count(), what,
               std::string(to_string(core_->state())).c_str(),
               static_cast<unsigned long long>(totals.accepted) + totals.recovered,
               static_cast<unsigned long long>(totals.delivered()),
               static_cast<unsigned long long>(core_->backlog()),
               static_cast<unsigned long long>(core_->in_flight()), sink_->held(), log_->pending(),
               static_cast<unsigned long long>(disk_->bytes()));
}

void World::run() {
  const std::uint64_t length = random_.between(30, 200);
  std::uint32_t total = 0;
  for (const std::uint32_t weight : weights_) total += weight;
  for (std::uint64_t i = 0; i < length; ++i) {
    std::uint64_t pick = random_.below(total);
    std::size_t chosen = 0;
    while (pick >= weights_[chosen]) pick -= weights_[chosen++];
    try {
      event(static_cast<Event>(chosen));
    } catch (const Died&) {
      die();
    }
    tell(names[chosen]);
    check();
  }
  come_to_rest();
  check_end();
}

void World::event(Event event) {
  switch (event) {
    case Event::offer:
      return offer();
    case Event::work:
      return work();
    case Event::wait:
      return wait(milliseconds(random_.between(1, 50)));
    case Event::wait_long:
      return wait(milliseconds(random_.between(100, 2500)));
    case Event::take:
      if (sink_->up) sink_->take(random_.next());
      return;
    case Event::acknowledge:
      return hear_sink(random_.between(1, 8));
    case Event::give_back:
      if (!sink_->closed()) sink_->give_back();
      return;
    case Event::reopen:
      if (!sink_->wants_reopen()) return;
      sink_->reopen();
      // A request may come first, and the route submit it already.
      if (!stopping_ && !healed_ && random_.one_in(2)) offer();
      return core_->reopened(now_);
    case Event::sink_down:
      sink_->up = false;
      if (random_.one_in(2)) tell_health(false, false, {});
      return;
    case Event::sink_up:
      sink_->up = true;
      if (random_.one_in(2)) tell_health(true, false, {});
      return;
    case Event::answer_probe:  // which may be wrong: metadata can look fine
      if (probe_asked_) tell_health(sink_->up || random_.one_in(4), true, {});
      return;
    case Event::throttle:
      return tell_health(random_.one_in(2), false, milliseconds(random_.between(1, 500)));
    default:
      return event_of_the_disk(event);
  }
}

void World::event_of_the_disk(Event event) {
  switch (event) {
    case Event::commit:
      return commit(SimLog::Fault::none);
    case Event::hear_commits:
      return hear_commits();
    case Event::disk_full:
      log_->disk_full = !log_->disk_full;
      return;
    case Event::disk_low:
      disk_low_ = !disk_low_;
      return;
    case Event::sync_fails:
      sync_failed_ = true;
      return commit(random_.one_in(2) ? SimLog::Fault::sync : SimLog::Fault::sync_but_written);
    case Event::damage:
      interrupted_ = true;
      if (const std::size_t entries = disk_->entries(); entries > 0)
        disk_->damage(random_.below(entries));
      return;
    case Event::dead_letters_full:
      dead_letters_full_ = !dead_letters_full_;
      return;
    case Event::crash:
      if (random_.one_in(2)) throw Died{};
      steps_to_live_ = random_.below(6);  // it dies within the worker's work
      return;
    case Event::restart:
      return stop_in_order();
    default:
      return event_of_the_operator(event);
  }
}

void World::event_of_the_operator(Event event) {
  switch (event) {
    case Event::pause:
      paused_ = true;
      return core_->pause(now_);
    case Event::resume:
      paused_ = false;
      return core_->resume(now_);
    case Event::catch_up:
      return core_->catch_up(now_);
    case Event::purge:
      return purge();
    case Event::step_clock:
      return step_clock();
    case Event::replay_letters:
      return replay_letters();
    case Event::pass_letters:
      return pass_letters();
    default:
      return;
  }
}

// --- the end ---

void World::heal() {
  healed_ = true;
  sink_->up = true;
  log_->disk_full = false;
  disk_low_ = false;
  dead_letters_full_ = false;
  steps_to_live_.reset();
  event(Event::resume);
  if (settings_.route.on_too_large == config::OnError::retry) sink_->forgive();
}

bool World::at_rest() const {
  if (log_->pending() > 0 || !log_->ended.empty() || doing_) return false;
  const bool calm = core_->in_flight() == 0 && core_->backlog() == 0 && disk_->bytes() == 0;
  const auto wanted =
      settings_.route.ack == config::Ack::buffered ? RouteState::draining : RouteState::direct;
  return calm && core_->state() == wanted;
}

void World::come_to_rest() {
  constexpr int patience = 6000;  // rounds of 20 ms: two minutes
  heal();
  for (int round = 0; !at_rest(); ++round) {
    if (round == patience) throw Violation("it never comes to rest");
    wait(milliseconds(20));
    commit(SimLog::Fault::none);
    hear_commits();
    for (int i = 0; i < 6; ++i) work();
    while (sink_->take(random_.next())) {
    }
    hear_sink(1000);
    if (sink_->wants_reopen()) event(Event::reopen);
    if (probe_asked_) tell_health(true, true, {});
    tell("coming to rest");
    check();
  }
  wait(milliseconds(100));
}

void World::check() const {
  const Totals& totals = core_->totals();
  const std::uint64_t in = totals.accepted + totals.recovered;
  const std::uint64_t out = totals.delivered() + sum(totals.rejected) + sum(totals.dropped) +
                            sum(totals.dead_lettered) + core_->backlog() + core_->in_flight();
  constexpr std::uint64_t below_zero = std::uint64_t{1} << 63;
  if (core_->backlog() >= below_zero || core_->in_flight() >= below_zero)
    throw Violation("P5: a count fell below zero");
  if (in != out)
    throw Violation("P5: " + std::to_string(in) + " in, " + std::to_string(out) + " out or inside");

  if (!sync_failed_ && !foreign_ &&
      totals.dropped[static_cast<std::size_t>(DropReason::damaged)] > judge_.damaged())
    throw Violation("P5: more is counted as damaged than is");

  const auto& route = settings_.route;
  const std::uint64_t request_bytes = most_messages_ * (most_bytes_ + 200);
  const std::uint64_t copies = sync_failed_ ? 2 * route.window_max_bytes + request_bytes : 0;
  if (disk_->bytes() > route.buffer.max_bytes + request_bytes + copies)
    throw Violation("P4: the disk");
  const std::uint64_t alone = MemoryBudget::cost(most_messages_ * most_bytes_, most_messages_);
  if (MemoryBudget::cost(sink_->held_bytes(), sink_->held()) >
      std::max(settings_.sink_memory, alone))
    throw Violation("P4: the memory for what the sink holds");
  if (kept_bytes_ > route.window_max_bytes * 3 / 2 + 3 * request_bytes)
    throw Violation("P4: requests stay in memory");
}

void World::check_end() const {
  judge_.check_no_loss();
  judge_.check_order();
  judge_.check_all_answered();
  const Totals& totals = core_->totals();
  if (interrupted_ || foreign_) return;
  const auto dropped = [&](DropReason reason) {
    return totals.dropped[static_cast<std::size_t>(reason)];
  };
  if (totals.recovered != totals.recovered_dead_letters)
    throw Violation("P5: nothing was there to be recovered");
  if (dropped(DropReason::damaged) != 0) throw Violation("P5: nothing was damaged");
  if (!settings_.route.buffer.max_age && dropped(DropReason::expired) != 0)
    throw Violation("P5: nothing can expire");
  const auto [least, most] = judge_.dropped();
  const std::uint64_t counted = dropped(DropReason::full) + dropped(DropReason::operator_);
  // What was expired may have stood in what was dropped then.
  if (counted + dropped(DropReason::expired) < least || counted > most)
    throw Violation("P5: dropped " + std::to_string(least) + ", counted " +
                    std::to_string(counted));
}

}  // namespace rebuf::daemon::sim
