#include <algorithm>
#include <map>
#include <set>

#include "config/checks.h"
#include "config/closest.h"
#include "config/globs.h"

namespace rebuf::config {
namespace {

std::string path_of(const RouteConfig& route, const std::string& key = {}) {
  return "routes." + route.name + (key.empty() ? "" : "." + key);
}

void check_sink_of(const Checked& checked, const RouteConfig& route) {
  const std::string path = path_of(route, "sink");
  if (!checked.places.sound(path)) return;
  std::vector<std::string> names;
  for (const SinkConfig& sink : checked.config.sinks) names.push_back(sink.name);
  const bool known = std::find(names.begin(), names.end(), route.sink) != names.end();
  if (known || (names.empty() && !route.sink.empty())) return;  // no sinks: said once
  if (route.sink.empty()) {
    checked.report.mistake(route.location, "route " + in_ticks(route.name) + " has no `sink`",
                           "name one of the sinks: `sink: " +
                               (names.empty() ? std::string("main") : names.front()) + "`");
    return;
  }
  std::string hint = did_you_mean(route.sink, names);
  if (hint.empty()) hint = "there are: " + one_of(names);
  checked.report.mistake(checked.places.at(path),
                         "route " + in_ticks(route.name) + " wants the sink " +
                             in_ticks(route.sink) + ", which is not there",
                         hint);
}

// Each route also answers at its path with `/batch` behind it.
void check_paths(const Checked& checked) {
  std::map<std::string, std::string> taken;  // path -> route
  for (const RouteConfig& route : checked.config.routes) {
    const std::string key = path_of(route, "path");
    if (!checked.places.sound(key)) continue;
    for (const std::string& path : {route.path, route.path + "/batch"}) {
      const auto [other, is_new] = taken.emplace(path, route.name);
      if (is_new || other->second == route.name) continue;
      checked.report.mistake(checked.places.at(key),
                             "route " + in_ticks(route.name) + " answers at " + in_ticks(path) +
                                 ", as route " + in_ticks(other->second) + " does",
                             "a path of its own for each, other than the other's with `/batch`");
      break;
    }
  }
}

// A request that names a topic has to find one route for it.
void check_topics(const Checked& checked) {
  const std::vector<RouteConfig>& routes = checked.config.routes;
  for (std::size_t later = 1; later < routes.size(); ++later)
    for (std::size_t i = 0; i < routes[later].topics.size(); ++i) {
      const std::string key = path_of(routes[later], "topics." + std::to_string(i));
      const std::string& glob = routes[later].topics[i];
      for (std::size_t earlier = 0; earlier < later; ++earlier)
        for (const std::string& other : routes[earlier].topics)
          if (globs_overlap(glob, other) && checked.places.sound(key))
            checked.report.mistake(checked.places.at(key),
                                   "the topics " + in_ticks(glob) + " of route " +
                                       in_ticks(routes[later].name) + " overlap with " +
                                       in_ticks(other) + " of route " +
                                       in_ticks(routes[earlier].name),
                                   "a topic belongs to one route: make the patterns narrower");
    }
}

void warn_of_unused_sinks(const Checked& checked) {
  std::set<std::string> used;
  for (const RouteConfig& route : checked.config.routes) used.insert(route.sink);
  for (const SinkConfig& sink : checked.config.sinks)
    if (!used.contains(sink.name))
      checked.report.warning(sink.location, "no route uses the sink " + in_ticks(sink.name),
                             "name it in a route, or leave it out");
}

}  // namespace

void check_routes(const Checked& checked) {
  const Config& config = checked.config;
  if (config.sinks.empty() && checked.places.sound("sinks"))
    checked.report.mistake(checked.places.at("sinks"), "there are no sinks",
                           "a minimal file is one sink and one route");
  if (config.routes.empty() && checked.places.sound("routes"))
    checked.report.mistake(checked.places.at("routes"), "there are no routes",
                           "a minimal file is one sink and one route");
  for (const RouteConfig& route : config.routes) {
    check_sink_of(checked, route);
    const std::string spill = path_of(route, "spill_after");
    if (route.ack != Ack::buffered && route.spill_after >= config.http.request_timeout &&
        checked.places.sound(spill) && checked.places.sound("http.request_timeout"))
      checked.report.mistake(
          checked.places.at(spill),
          "`spill_after` of route " + in_ticks(route.name) + " is not below `http.request_timeout`",
          "clients would have their 503 before the log takes over");
  }
  check_paths(checked);
  check_topics(checked);
  if (checked.report.clean()) warn_of_unused_sinks(checked);  // a typo would make one unused
}

}  // namespace rebuf::config
