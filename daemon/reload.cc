// The reload of the configuration, and what it shares with the start.
#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "config/load.h"
#include "config/needs_restart.h"
#include "daemon/daemon.h"
#include "daemon/side_by_side.h"

namespace rebuf::daemon {
namespace {

ReloadOutcome refused(const std::vector<config::Mistake>& mistakes, const Logging& logging) {
  ReloadOutcome outcome;
  for (const config::Mistake& mistake : mistakes) {
    outcome.mistakes.push_back(mistake.message());
    logging.error(outcome.mistakes.back());
  }
  logging.error("the configuration was not reloaded: nothing has changed");
  return outcome;
}

bool is_wanted(const RunningRoute& route, const Running& next) {
  return std::ranges::any_of(next.config.routes, [&](const config::RouteConfig& wanted) {
    return wanted.name == route.config().name;
  });
}

RunningRoutes those_called(const RunningRoutes& routes,
                           std::initializer_list<std::vector<std::string>> all_names) {
  RunningRoutes called;
  for (const auto& names : all_names)
    for (const std::string& name : names) called.push_back(route_called(routes, name));
  return called;
}

// "added a, b", with `what` before the names; empty when there is none.
void append(std::string& text, std::string_view what, const std::vector<std::string>& names) {
  if (names.empty()) return;
  text += fmt::format("{}{} {}", text.empty() ? "" : "; ", what, fmt::join(names, ", "));
}

std::string summary(const ReloadOutcome& outcome) {
  std::string text;
  append(text, "added", outcome.added);
  append(text, "removed", outcome.removed);
  append(text, "changed", outcome.changed);
  return text.empty() ? "no route has changed" : "routes: " + text;
}

}  // namespace

// The one that runs, when it is wanted as it is; else a new one.
Result<std::shared_ptr<RunningSink>> Daemon::sink_for(const config::SinkConfig& wanted) const {
  if (auto now = sink_called(running_->sinks, wanted.name); now && now->settings == wanted)
    return now;
  Result<RunningSink> made = make_sink(wanted, logging_);
  if (!made) return made.status();
  if (made->embedded != nullptr)
    logging_.info(fmt::format("the embedded Kafka of sink {} is at {}", made->name,
                              made->embedded->embedded_bootstrap()));
  return std::make_shared<RunningSink>(std::move(*made));
}

// Whether the route runs already just as it is wanted, into a sink that is wanted as it is.
bool Daemon::stays(const config::RouteConfig& wanted, const Running& next) const {
  const auto now = route_called(running_->routes, wanted.name);
  return now && now->config() == wanted && now->sink() == sink_called(next.sinks, wanted.sink);
}

ReloadOutcome Daemon::compare(const Running& next) const {
  ReloadOutcome outcome;
  outcome.done = true;
  for (const config::RouteConfig& wanted : next.config.routes) {
    if (!route_called(running_->routes, wanted.name))
      outcome.added.push_back(wanted.name);
    else if (!stays(wanted, next))
      outcome.changed.push_back(wanted.name);
  }
  for (const auto& route : running_->routes)
    if (!is_wanted(*route, next)) outcome.removed.push_back(route->config().name);
  return outcome;
}

void Daemon::stop_routes(const RunningRoutes& routes, const std::function<bool()>& wait) const {
  using Steady = std::chrono::steady_clock;
  if (routes.empty()) return;
  for (const auto& route : routes) route->begin_stop();
  const auto deadline = Steady::now() + stop_timeout();
  const auto quiet = [](const auto& route) { return route->quiet(); };
  while (!std::ranges::all_of(routes, quiet) && Steady::now() < deadline && wait()) {
  }
  finish_all(routes, [&] { static_cast<void>(wait()); });  // this takes the time it takes
}

// Those that stay come over from what runs; the others are started.
void Daemon::start_routes(Running& next, const std::function<void()>& meanwhile) {
  constexpr std::size_t at_once = 16;
  const RouteSurroundings around = surroundings();
  const std::uint64_t sink_memory =
      next.config.limits.memory / 2 / std::max<std::size_t>(next.config.routes.size(), 1);
  RunningRoutes routes(next.config.routes.size());
  const auto take_or_start = [&](std::size_t index) {
    const config::RouteConfig& wanted = next.config.routes[index];
    auto now = route_called(running_->routes, wanted.name);
    if (stays(wanted, next))
      now->share_memory(sink_memory);
    else
      now = RunningRoute::start(around, wanted, sink_called(next.sinks, wanted.sink), sink_memory,
                                now.get());
    routes[index] = std::move(now);
  };
  side_by_side(routes.size(), at_once, take_or_start, meanwhile);
  next.routes = std::move(routes);
}

// All that may be refused. What is wrong with it; empty: the next configuration stands in `next`.
std::vector<config::Mistake> Daemon::prepare(Running& next) {
  config::Loaded loaded = config::load(running_->config.file);
  if (!loaded.config) return std::move(loaded.mistakes);
  if (auto fixed = config::needs_restart(running_->config, loaded); !fixed.empty()) return fixed;
  next.config = std::move(*loaded.config);
  for (const config::SinkConfig& wanted : next.config.sinks) {
    auto sink = sink_for(wanted);
    if (!sink) return {{wanted.location, sink.status().message(), {}}};
    next.sinks.push_back(std::move(*sink));
  }
  for (const config::Mistake& warning : loaded.warnings) logging_.warning(warning.message());
  return {};
}

ReloadOutcome Daemon::reload(const std::function<bool()>& wait) {
  const auto meanwhile = [&] { static_cast<void>(wait()); };
  const std::shared_ptr<Running> next = make_running();
  try {
    if (const auto mistakes = prepare(*next); !mistakes.empty()) return refused(mistakes, logging_);
  } catch (const std::exception& error) {  // no thread or no memory for a sink
    return refused({{{running_->config.file}, error.what(), {}}}, logging_);
  }

  // From here on nothing is refused.
  ReloadOutcome outcome = compare(*next);
  stop_routes(those_called(running_->routes, {outcome.removed, outcome.changed}), wait);
  for (const std::string& name : outcome.removed)
    route_called(running_->routes, name)->keys().close();
  start_routes(*next, meanwhile);
  // As a whole: its routes and sinks must not end on this thread, which a part of it could do.
  const std::shared_ptr<const Running> before = std::exchange(running_, next);
  ingest_->serve(ingest_routes());
  admin_->show(sources());
  for (const std::string& name : outcome.changed)
    route_called(next->routes, name)->heed_late(*route_called(before->routes, name));
  look_for_orphans(*next, meanwhile);  // that may take a while
  admin_->show(sources());
  logging_.info("the configuration was reloaded; " + summary(outcome));
  return outcome;
}

}  // namespace rebuf::daemon
