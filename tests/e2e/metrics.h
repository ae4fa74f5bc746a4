// One scrape of GET /metrics, in the text format of Prometheus.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace rebuf::e2e {

class Metrics {
 public:
  using Labels = std::map<std::string, std::string>;

  Metrics() = default;
  explicit Metrics(std::string_view text);

  // The sum of the samples with this name whose labels contain `labels`; 0 when there is none.
  [[nodiscard]] double sum(const std::string& name, const Labels& labels) const;
  // Whole numbers of messages, of one route.
  [[nodiscard]] std::int64_t count(const std::string& name, const std::string& route,
                                   Labels further = {}) const;
  // direct, buffering, …; "" when no or several states are set.
  [[nodiscard]] std::string state(const std::string& route) const;

  // P5: accepted + recovered = delivered + rejected + dropped + dead-lettered + backlog + in
  // flight. Empty when it adds up, else the figures.
  [[nodiscard]] std::string imbalance(const std::string& route) const;

 private:
  struct Sample {
    Labels labels;
    double value = 0;
  };
  std::multimap<std::string, Sample, std::less<>> samples_;
};

}  // namespace rebuf::e2e
