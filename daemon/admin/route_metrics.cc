// Counters and gauges of routes, out of one snapshot each.
#include <functional>

#include "daemon/admin/families.h"
#include "daemon/admin/metrics.h"

namespace rebuf::daemon::admin {
namespace {

using prometheus::MetricType;
using Snapshots = std::vector<RouteSnapshot>;

// One value a route; an empty one is left out.
void per_route(Families& families, MetricType type, std::string name, std::string help,
               const Snapshots& snapshots,
               const std::function<std::optional<double>(const RouteSnapshot&)>& value) {
  Family family(families, std::move(name), std::move(help), type);
  for (const RouteSnapshot& route : snapshots)
    if (const std::optional<double> found = value(route))
      family.add({{"route", route.name}}, *found);
}

void by_refusal(
    Families& families, std::string name, std::string help, const Snapshots& snapshots,
    const std::function<const std::array<std::uint64_t, refusals>&(const Totals&)>& of) {
  Family family(families, std::move(name), std::move(help), MetricType::Counter);
  for (const RouteSnapshot& route : snapshots) {
    const std::array<std::uint64_t, refusals>& counts = of(route.totals);
    for (std::size_t i = 0; i < refusals; ++i) {
      const auto refusal = static_cast<sinks::Refusal>(i);
      // `none` is a reason that a sink did not name; shown only when there was one.
      if (refusal == sinks::Refusal::none && counts[i] == 0) continue;
      family.add({{"route", route.name}, {"reason", std::string(sinks::to_string(refusal))}},
                 counts[i]);
    }
  }
}

void add_answered(Families& families, const Snapshots& snapshots) {
  static constexpr std::array<const char*, 4> acks{"delivered", "buffered", "refused", "unknown"};
  Family family(families, "rebufd_messages_answered_total",
                "Messages by what their client was told", MetricType::Counter);
  for (const RouteSnapshot& route : snapshots)
    for (std::size_t i = 0; i < acks.size(); ++i)
      family.add({{"route", route.name}, {"ack", acks[i]}}, route.totals.answered[i]);
}

void add_delivered(Families& families, const Snapshots& snapshots) {
  Family family(families, "rebufd_messages_delivered_total", "Messages that the sink acknowledged",
                MetricType::Counter);
  for (const RouteSnapshot& route : snapshots) {
    family.add({{"route", route.name}, {"path", "direct"}}, route.totals.delivered_direct);
    family.add({{"route", route.name}, {"path", "replay"}}, route.totals.delivered_replay);
  }
}

void add_dropped(Families& families, const Snapshots& snapshots) {
  Family family(families, "rebufd_messages_dropped_total", "Messages given up, by reason",
                MetricType::Counter);
  for (const RouteSnapshot& route : snapshots)
    for (std::size_t i = 0; i < drop_reasons; ++i)
      family.add(
          {{"route", route.name}, {"reason", std::string(to_string(static_cast<DropReason>(i)))}},
          route.totals.dropped[i]);
}

void add_state(Families& families, const Snapshots& snapshots) {
  Family family(families, "rebufd_route_state", "1 for the state that the route is in",
                MetricType::Gauge);
  for (const RouteSnapshot& route : snapshots)
    for (const RouteState state : all_route_states)
      family.add({{"route", route.name}, {"state", std::string(to_string(state))}},
                 route.state == state ? 1.0 : 0.0);
}

std::optional<double> seconds(const std::optional<std::chrono::system_clock::time_point>& time) {
  if (!time) return std::nullopt;
  return std::chrono::duration<double>(time->time_since_epoch()).count();
}

double number(std::uint64_t value) { return static_cast<double>(value); }

}  // namespace

void add_route_counters(Families& families, const Snapshots& snapshots) {
  per_route(families, MetricType::Counter, "rebufd_messages_accepted_total",
            "Messages taken from clients", snapshots,
            [](const RouteSnapshot& route) { return number(route.totals.accepted); });
  add_answered(families, snapshots);
  {
    Family family(families, "rebufd_messages_recovered_total",
                  "Messages found waiting when the process began, or out of the dead letters",
                  MetricType::Counter);
    for (const RouteSnapshot& route : snapshots) {
      const std::uint64_t letters = route.totals.recovered_dead_letters;
      family.add({{"route", route.name}, {"from", "log"}}, route.totals.recovered - letters);
      family.add({{"route", route.name}, {"from", "dead_letters"}}, letters);
    }
  }
  add_delivered(families, snapshots);
  by_refusal(
      families, "rebufd_messages_rejected_total",
      "Messages that the sink refused and whose client was told", snapshots,
      [](const Totals& totals) -> const auto& { return totals.rejected; });
  add_dropped(families, snapshots);
  by_refusal(
      families, "rebufd_messages_dead_lettered_total",
      "Messages that the sink refused and that lie in the dead letters", snapshots,
      [](const Totals& totals) -> const auto& { return totals.dead_lettered; });
  per_route(families, MetricType::Counter, "rebufd_accepted_bytes_total",
            "Bytes of message values taken from clients", snapshots,
            [](const RouteSnapshot& route) { return number(route.totals.accepted_bytes); });
  per_route(families, MetricType::Counter, "rebufd_log_damaged_bytes_total",
            "Bytes of the log that cannot be read as entries", snapshots,
            [](const RouteSnapshot& route) { return number(route.log_damaged_bytes); });
}

void add_route_gauges(Families& families, const Snapshots& snapshots) {
  const auto gauge = [&](std::string name, std::string help, auto value) {
    per_route(families, MetricType::Gauge, std::move(name), std::move(help), snapshots, value);
  };
  gauge("rebufd_backlog_messages", "Messages in the log that are not done",
        [](const RouteSnapshot& route) { return number(route.backlog_messages); });
  gauge("rebufd_backlog_bytes", "Bytes in the log that are not done",
        [](const RouteSnapshot& route) { return number(route.backlog_bytes); });
  gauge("rebufd_backlog_segments", "Segments that hold the backlog",
        [](const RouteSnapshot& route) { return number(route.backlog_segments); });
  gauge("rebufd_backlog_oldest_age_seconds", "Since the oldest message of the backlog arrived",
        [](const RouteSnapshot& route) { return route.oldest_age_seconds.value_or(0.0); });
  gauge("rebufd_buffer_capacity_bytes", "What the log may hold",
        [](const RouteSnapshot& route) { return number(route.capacity_bytes); });
  gauge("rebufd_in_flight_messages", "Messages neither done nor in the log",
        [](const RouteSnapshot& route) { return number(route.in_flight); });
  gauge("rebufd_dead_letter_messages", "Messages that stand in the dead letters",
        [](const RouteSnapshot& route) { return number(route.dead_letter_messages); });
  add_state(families, snapshots);
  gauge("rebufd_drain_eta_seconds", "Until the backlog is delivered; absent when unknown",
        [](const RouteSnapshot& route) { return route.eta_seconds; });
  gauge("rebufd_last_delivery_timestamp_seconds", "When the sink last acknowledged a message",
        [](const RouteSnapshot& route) { return seconds(route.last_delivery); });
}

}  // namespace rebuf::daemon::admin
