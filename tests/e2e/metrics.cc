#include "metrics.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

namespace rebuf::e2e {
namespace {

// name="value",name="value" ; values here hold no escapes.
Metrics::Labels parse_labels(std::string_view text) {
  Metrics::Labels labels;
  while (!text.empty()) {
    const std::size_t open = text.find("=\"");
    const std::size_t close = text.find('"', open + 2);
    REQUIRE(close != std::string_view::npos);
    labels[std::string(text.substr(0, open))] = text.substr(open + 2, close - open - 2);
    text.remove_prefix(std::min(text.size(), close + 2));
  }
  return labels;
}

}  // namespace

Metrics::Metrics(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(text.size(), end + 1));
    if (line.empty() || line.front() == '#') continue;
    const std::size_t value = line.rfind(' ');
    const std::size_t brace = line.find('{');
    REQUIRE(value != std::string_view::npos);
    Sample sample;
    sample.value = std::strtod(std::string(line.substr(value + 1)).c_str(), nullptr);
    if (brace != std::string_view::npos)
      sample.labels = parse_labels(line.substr(brace + 1, line.rfind('}') - brace - 1));
    samples_.emplace(line.substr(0, std::min(brace, value)), std::move(sample));
  }
}

double Metrics::sum(const std::string& name, const Labels& labels) const {
  double total = 0;
  const auto [begin, end] = samples_.equal_range(name);
  for (auto at = begin; at != end; ++at) {
    const Labels& has = at->second.labels;
    if (std::includes(has.begin(), has.end(), labels.begin(), labels.end()))
      total += at->second.value;
  }
  return total;
}

std::int64_t Metrics::count(const std::string& name, const std::string& route,
                            Labels further) const {
  further["route"] = route;
  return std::llround(sum(name, further));
}

std::string Metrics::state(const std::string& route) const {
  std::string found;
  const auto [begin, end] = samples_.equal_range("rebufd_route_state");
  for (auto at = begin; at != end; ++at) {
    const Sample& sample = at->second;
    if (sample.value != 1 || sample.labels.at("route") != route) continue;
    if (!found.empty()) return {};
    found = sample.labels.at("state");
  }
  return found;
}

std::string Metrics::imbalance(const std::string& route) const {
  constexpr std::array<const char*, 2> in{"rebufd_messages_accepted_total",
                                          "rebufd_messages_recovered_total"};
  constexpr std::array<const char*, 6> out{
      "rebufd_messages_delivered_total", "rebufd_messages_rejected_total",
      "rebufd_messages_dropped_total",   "rebufd_messages_dead_lettered_total",
      "rebufd_backlog_messages",         "rebufd_in_flight_messages"};
  std::int64_t balance = 0;
  std::string figures;
  const auto add = [&](const char* name, int sign) {
    const std::int64_t value = count(name, route);
    balance += sign * value;
    figures += std::string(name) + " " + std::to_string(value) + "  ";
  };
  for (const char* name : in) add(name, 1);
  for (const char* name : out) add(name, -1);
  return balance == 0 ? std::string() : figures;
}

}  // namespace rebuf::e2e
