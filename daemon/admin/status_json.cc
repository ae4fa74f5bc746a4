#include "daemon/admin/status_json.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "daemon/time_text.h"

namespace rebuf::daemon {
namespace {

using Json = nlohmann::ordered_json;
using SystemTime = std::chrono::system_clock::time_point;

Json time_or_null(const std::optional<SystemTime>& time) {
  return time ? Json(time_text(*time)) : Json(nullptr);
}

Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

// A thousandth is as exact as any of these figures is.
double rounded(double value) { return std::round(value * 1000) / 1000; }

Json rounded_or_null(const std::optional<double>& value) {
  return value ? Json(rounded(*value)) : Json(nullptr);
}

template <class Counts>
std::uint64_t sum(const Counts& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

Json totals_json(const RouteSnapshot& route) {
  const Totals& totals = route.lifetime;
  return {{"accepted", totals.accepted},         {"accepted_bytes", totals.accepted_bytes},
          {"recovered", totals.recovered},       {"delivered", totals.delivered()},
          {"replayed", totals.delivered_replay}, {"rejected", sum(totals.rejected)},
          {"dropped", sum(totals.dropped)},      {"dead_lettered", sum(totals.dead_lettered)},
          {"exact", route.lifetime_exact}};
}

Json route_json(const Route& route) {
  const RouteSnapshot now = route.snapshot();
  const Readiness readiness = route.readiness();
  return {{"name", now.name},
          {"path", route.config().path},
          {"state", to_string(now.state)},
          {"since", time_text(now.since)},
          {"reason", text_or_null(now.state_reason)},
          {"ready", readiness.ready},
          {"ready_reason", text_or_null(readiness.reason)},
          {"backlog_messages", now.backlog_messages},
          {"backlog_bytes", now.backlog_bytes},
          {"backlog_segments", now.backlog_segments},
          {"capacity_bytes", now.capacity_bytes},
          {"oldest_age_seconds", rounded_or_null(now.oldest_age_seconds)},
          {"in_flight", now.in_flight},
          {"accept_rate", rounded(now.accept_rate)},
          {"deliver_rate", rounded(now.deliver_rate)},
          {"eta_seconds", rounded_or_null(now.eta_seconds)},
          {"last_delivery", time_or_null(now.last_delivery)},
          {"sink", now.sink},
          {"sink_up", now.sink_up},
          {"topic", route.config().topic},
          {"last_error", text_or_null(now.last_error)},
          {"dead_letter_messages", now.dead_letter_messages},
          {"log_damaged_bytes", now.log_damaged_bytes},
          {"totals", totals_json(now)}};
}

Json sink_json(const SinkView& view) {
  const sinks::SinkStats stats = view.sink->stats();
  Json sink{{"name", view.name},
            {"type", view.type},
            {"up", stats.up},
            {"last_error", text_or_null(stats.last_error)},
            {"held_messages", stats.held_messages},
            {"held_bytes", stats.held_bytes}};
  if (view.embedded != nullptr) sink["bootstrap"] = view.embedded->embedded_bootstrap();
  return sink;
}

Json orphan_json(const Orphan& orphan) {
  return {{"name", orphan.name},
          {"directory", orphan.dir.string()},
          {"backlog_messages", orphan.messages},
          {"backlog_bytes", orphan.bytes},
          {"dead_letter_messages", orphan.dead_letters},
          {"problem", text_or_null(orphan.problem)}};
}

}  // namespace

std::string render_status(const AdminSources& sources) {
  const std::chrono::duration<double> uptime = std::chrono::steady_clock::now() - sources.started;
  Json status{{"version", sources.version},   {"uptime_seconds", rounded(uptime.count())},
              {"data_dir", sources.data_dir}, {"listen", sources.ingest_addresses},
              {"routes", Json::array()},      {"sinks", Json::array()},
              {"orphans", Json::array()}};
  for (const RouteView& view : sources.routes) status["routes"].push_back(route_json(*view.route));
  for (const SinkView& view : sources.sinks) status["sinks"].push_back(sink_json(view));
  for (const Orphan& orphan : sources.orphans) status["orphans"].push_back(orphan_json(orphan));
  // What a broker says need not be UTF-8.
  return status.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace rebuf::daemon
