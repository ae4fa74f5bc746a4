#include "tests/daemon/route/core_harness.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>

namespace rebuf::daemon {
namespace {

constexpr std::chrono::milliseconds tick{10};

std::string value_of(Bytes envelope) { return std::string(decode(envelope)->value); }

CoreSettings settings(config::RouteConfig route, CoreSettings settings) {
  settings.route = std::move(route);
  settings.built_at_ms = std::chrono::milliseconds(std::chrono::hours(400'000)).count();
  return settings;
}

}  // namespace

config::RouteConfig CoreHarness::route() {
  config::RouteConfig route;
  route.name = "route";
  route.sink = "sink";
  route.topic = "topic";
  route.drain_jitter = std::chrono::milliseconds(0);
  route.window_max_messages = 100;
  route.window_max_bytes = 64 << 10;
  route.buffer.max_bytes = 1 << 20;
  return route;
}

CoreHarness::CoreHarness(config::RouteConfig route, Recovered found, CoreSettings rest)
    : core(settings(std::move(route), std::move(rest)), static_cast<Effects&>(*this)) {
  core.start(found, now);
}

// --- effects ---

std::size_t CoreHarness::submit(std::span<const sinks::OutMessage> messages) {
  if (sink_closed) return 0;
  for (const sinks::OutMessage& message : messages) {
    held.push_back({message.token, std::string(message.value), message.replayed});
    submitted.emplace_back(message.value);
  }
  return messages.size();
}

Status CoreHarness::append(std::span<const Bytes> group, std::uint64_t tag) {
  ++appends;
  queued.push_back({tag, {group.begin(), group.end()}});
  return {};
}

sinks::MessageId CoreHarness::next_id() {
  sinks::MessageId id;
  id.bytes[15] = static_cast<std::uint8_t>(++ids_);
  return id;
}

// --- clients ---

std::shared_ptr<Client> CoreHarness::offer(std::size_t messages, std::size_t value_bytes,
                                           std::chrono::milliseconds deadline) {
  Batch batch;
  for (std::size_t i = 0; i < messages; ++i) {
    std::string value = std::to_string(values_++);
    value.resize(std::max(value.size(), value_bytes), '.');
    Envelope envelope;
    envelope.topic = "topic";
    envelope.arrival_ms = wall_ms();
    envelope.value = value;
    batch.add(envelope);
  }
  auto client = std::make_shared<Client>(std::move(batch), now + deadline);
  core.offer(client, now);
  return client;
}

// --- the sink ---

void CoreHarness::probe_says(bool up) {
  sinks::Health health;
  health.up = up;
  health.from_probe = true;
  health.reason = "test";
  core.health(health, now);
}

void CoreHarness::sink_says(bool up) {
  sinks::Health health;
  health.up = up;
  health.reason = "test";
  core.health(health, now);
}

void CoreHarness::report(std::size_t nth, const sinks::Report& given) {
  REQUIRE(nth < held.size());
  sinks::Report report = given;
  report.token = held[nth].token;
  held.erase(held.begin() + static_cast<std::ptrdiff_t>(nth));
  core.reports({&report, 1}, now);
}

void CoreHarness::deliver(std::size_t count) {
  for (count = std::min(count, held.size()); count > 0; --count) deliver_nth(0);
}

void CoreHarness::deliver_nth(std::size_t nth) {
  sinks::Report report_of_it;
  report_of_it.partition = 3;
  report_of_it.offset = 42;
  report(nth, report_of_it);
}

void CoreHarness::refuse(std::size_t count, sinks::Refusal refusal) {
  for (; count > 0; --count) refuse_nth(0, refusal);
}

void CoreHarness::refuse_nth(std::size_t nth, sinks::Refusal refusal) {
  sinks::Report refused;
  refused.outcome = sinks::Outcome::refused;
  refused.refusal = refusal;
  refused.detail = "refused by the test";
  report(nth, refused);
}

void CoreHarness::give_back(bool maybe_delivered) {
  sink_closed = true;
  std::vector<sinks::Report> reports;
  for (const Held& message : held) {
    sinks::Report report_of_it;
    report_of_it.token = message.token;
    report_of_it.outcome = sinks::Outcome::given_back;
    report_of_it.maybe_delivered = maybe_delivered;
    reports.push_back(report_of_it);
  }
  held.clear();
  core.reports(reports, now);
  sink_closed = false;
  core.reopened(now);
}

// --- the log ---

void CoreHarness::commit(std::size_t groups) {
  for (; groups > 0 && !queued.empty(); --groups) {
    const Group group = std::move(queued.front());
    queued.pop_front();
    Appended end;
    end.tag = group.tag;
    end.entries = group.entries.size();
    end.first = {0, log_bytes};
    for (const Bytes data : group.entries) {
      disk_.push_back(std::make_shared<const std::vector<std::byte>>(data.begin(), data.end()));
      const Position begin{0, log_bytes};
      log_bytes += data.size() + frame_bytes;
      stored.push_back({begin, {0, log_bytes}, *disk_.back()});
      stored_values.push_back(value_of(data));
    }
    core.appended({&end, 1}, log_bytes, now);
  }
}

void CoreHarness::fail(Code code, std::size_t groups) {
  std::vector<Appended> ends;
  for (; groups > 0 && !queued.empty(); --groups) {
    Appended end;
    end.tag = queued.front().tag;
    end.status = Status{ends.empty() ? code : Code::cancelled, "test"};
    ends.push_back(std::move(end));
    queued.pop_front();
  }
  core.appended(ends, log_bytes, now);
}

Block CoreHarness::read(Position from) const {
  Block block;
  block.at_end = true;
  block.next = {0, log_bytes};
  for (const EntryRef& entry : stored)
    if (!(entry.begin < from)) block.entries.push_back(entry);
  return block;
}

void CoreHarness::wait(std::chrono::milliseconds time) {
  for (; time.count() > 0; time -= tick) {
    now += std::min(time, tick);
    core.tick(now, wall_ms());
  }
}

void CoreHarness::go_direct() {
  probe_says(true);
  REQUIRE(state() == RouteState::direct);
}

void CoreHarness::do_work() {
  for (Work next = work(); !std::holds_alternative<std::monostate>(next); next = work()) {
    if (const auto* read_work = std::get_if<ReadWork>(&next)) {
      core.log_read(read(read_work->from), now);
    } else if (const auto* housekeeping = std::get_if<HousekeepingWork>(&next)) {
      if (housekeeping->seal) log_bytes = 0;
      core.housekeeping_done(*housekeeping, {}, 1, log_bytes, now);
    } else if (std::holds_alternative<DeadLetterWork>(next)) {
      core.dead_lettered({}, now);
    }
  }
}

bool CoreHarness::conserved() const {
  const Totals& totals = core.totals();
  const auto sum = [](const auto& counters) {
    return std::accumulate(counters.begin(), counters.end(), std::uint64_t{0});
  };
  return totals.accepted + totals.recovered == totals.delivered() + sum(totals.rejected) +
                                                   sum(totals.dropped) + sum(totals.dead_lettered) +
                                                   core.backlog() + core.in_flight();
}

}  // namespace rebuf::daemon
