// The metrics of rebufd in the Prometheus text format; docs/operating.md has the table.
//
// Each route is read once per scrape, under its lock, so that in every scrape, per route, exactly:
// accepted + recovered = delivered + rejected + dropped + dead_lettered + backlog + in_flight.
#pragma once

#include <string>
#include <vector>

#include "daemon/admin/sources.h"

namespace prometheus {
struct MetricFamily;
}

namespace rebuf::daemon {

inline constexpr std::string_view metrics_content_type = "text/plain; version=0.0.4; charset=utf-8";

[[nodiscard]] std::string render_metrics(const AdminSources& sources);

namespace admin {

using Families = std::vector<prometheus::MetricFamily>;

// The parts of a scrape, one file each.
void add_route_counters(Families& families, const std::vector<RouteSnapshot>& snapshots);
void add_route_gauges(Families& families, const std::vector<RouteSnapshot>& snapshots);
void add_route_histograms(Families& families, const std::vector<RouteView>& routes);
void add_suppressed(Families& families, const std::vector<RouteView>& routes);
void add_http_counts(Families& families, const AdminSources& sources);
void add_sinks(Families& families, const std::vector<SinkView>& sinks);
void add_process(Families& families, const AdminSources& sources);

}  // namespace admin
}  // namespace rebuf::daemon
