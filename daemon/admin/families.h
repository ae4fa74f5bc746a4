// Building Prometheus families by hand: prometheus-cpp's registry would copy every counter under
// locks of its own, and could not take one snapshot per route.
#pragma once

#include <prometheus/metric_family.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/metrics_store.h"

namespace rebuf::daemon::admin {

using Labels = std::vector<prometheus::ClientMetric::Label>;

class Family {
 public:
  // `families` must not grow while this is in use.
  Family(std::vector<prometheus::MetricFamily>& families, std::string name, std::string help,
         prometheus::MetricType type)
      : family_(families.emplace_back()) {
    family_.name = std::move(name);
    family_.help = std::move(help);
    family_.type = type;
  }

  void add(Labels labels, double value) {
    prometheus::ClientMetric& metric = family_.metric.emplace_back();
    metric.label = std::move(labels);
    metric.counter.value = value;
    metric.gauge.value = value;
  }
  // Exact up to 2^53.
  void add(Labels labels, std::uint64_t value) {
    add(std::move(labels), static_cast<double>(value));
  }
  template <std::size_t N>
  void add(Labels labels, const Histogram<N>& histogram) {
    prometheus::ClientMetric& metric = family_.metric.emplace_back();
    metric.label = std::move(labels);
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i <= N; ++i) {
      sum += histogram.count(i);
      const double bound = i < N ? histogram.bounds()[i] : std::numeric_limits<double>::infinity();
      metric.histogram.bucket.push_back({sum, bound});
    }
    metric.histogram.sample_count = sum;
    metric.histogram.sample_sum = histogram.sum();
  }

 private:
  prometheus::MetricFamily& family_;
};

}  // namespace rebuf::daemon::admin
