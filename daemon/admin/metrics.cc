#include "daemon/admin/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include "daemon/admin/families.h"

namespace rebuf::daemon {
namespace admin {

using prometheus::MetricType;

void add_route_histograms(Families& families, const std::vector<RouteView>& routes) {
  {
    Family ack(families, "rebufd_ack_seconds", "From taking a request to its answer",
               MetricType::Histogram);
    for (const RouteView& view : routes) {
      const std::string& name = view.route->config().name;
      ack.add({{"route", name}, {"ack", "delivered"}}, view.route->histograms().ack_delivered);
      ack.add({{"route", name}, {"ack", "buffered"}}, view.route->histograms().ack_buffered);
    }
  }
  {
    Family sync(families, "rebufd_wal_sync_seconds", "fdatasync of the log", MetricType::Histogram);
    for (const RouteView& view : routes)
      sync.add({{"route", view.route->config().name}}, view.route->histograms().wal_sync);
  }
  Family entries(families, "rebufd_wal_commit_entries", "Entries of one group commit",
                 MetricType::Histogram);
  for (const RouteView& view : routes)
    entries.add({{"route", view.route->config().name}},
                view.route->histograms().wal_commit_entries);
}

void add_suppressed(Families& families, const std::vector<RouteView>& routes) {
  Family family(families, "rebufd_duplicates_suppressed_total",
                "Messages of repeated requests that were answered as the first and not forwarded",
                MetricType::Counter);
  for (const RouteView& view : routes)
    family.add({{"route", view.route->config().name}}, view.keys->suppressed());
}

void add_http_counts(Families& families, const AdminSources& sources) {
  Family family(families, "rebufd_http_requests_total",
                "Answers on the ingest port; without a route: to requests that belong to none",
                MetricType::Counter);
  const auto add = [&](const std::string& route, const HttpCounts& counts) {
    for (int code = HttpCounts::lowest; code <= HttpCounts::highest; ++code)
      if (const std::uint64_t count = counts.count(code); count > 0)
        family.add({{"route", route}, {"code", std::to_string(code)}}, count);
  };
  for (const RouteView& view : sources.routes)
    if (view.http != nullptr) add(view.route->config().name, *view.http);
  if (sources.unrouted != nullptr) add("", *sources.unrouted);
}

void add_sinks(Families& families, const std::vector<SinkView>& sinks) {
  {
    Family up(families, "rebufd_sink_up", "1 while the sink is known to work", MetricType::Gauge);
    for (const SinkView& view : sinks)
      up.add({{"sink", view.name}}, view.sink->stats().up ? 1.0 : 0.0);
  }
  {
    Family errors(families, "rebufd_sink_errors_total", "Times the sink went down, by reason",
                  MetricType::Counter);
    for (const SinkView& view : sinks)
      for (const auto& [reason, count] : view.metrics->errors())
        errors.add({{"sink", view.name}, {"reason", reason}}, count);
  }
  Family delivery(families, "rebufd_sink_delivery_seconds",
                  "From handing a message to the sink to its acknowledgement",
                  MetricType::Histogram);
  for (const SinkView& view : sinks) delivery.add({{"sink", view.name}}, view.metrics->delivery);
}

}  // namespace admin

std::string render_metrics(const AdminSources& sources) {
  std::vector<RouteSnapshot> snapshots;
  snapshots.reserve(sources.routes.size());
  for (const RouteView& view : sources.routes) snapshots.push_back(view.route->snapshot());
  admin::Families families;
  admin::add_route_counters(families, snapshots);
  admin::add_route_gauges(families, snapshots);
  admin::add_route_histograms(families, sources.routes);
  admin::add_suppressed(families, sources.routes);
  admin::add_http_counts(families, sources);
  admin::add_sinks(families, sources.sinks);
  admin::add_process(families, sources);
  std::erase_if(families, [](const auto& family) { return family.metric.empty(); });
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace rebuf::daemon
