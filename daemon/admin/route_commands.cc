#include "daemon/admin/route_commands.h"

#include <algorithm>
#include <charconv>

#include "daemon/admin/replies.h"

namespace rebuf::daemon::admin {
namespace {

constexpr std::string_view routes_prefix = "/api/v1/routes/";

Reply done(const RouteView& view) {
  const RouteSnapshot now = view.route->snapshot();
  return json_reply({{"route", now.name},
                     {"state", to_string(now.state)},
                     {"backlog_messages", now.backlog_messages}});
}

Reply failed(const Status& status) {
  const std::string why = status.errno_value() == 0 ? status.what() : status.message();
  if (status.code() == Code::invalid_argument) return problem(409, "Conflict", "impossible", why);
  return problem(503, "Service Unavailable", std::string(to_string(status.code())), why);
}

Reply replay_dead_letters(const RouteView& view) {
  const Result<RouteControl::Replayed> replayed = view.control->replay_dead_letters();
  if (!replayed) return failed(replayed.status());
  return json_reply({{"route", view.route->config().name},
                     {"replayed", replayed->messages},
                     {"dead_again", replayed->dead_again},
                     {"left", replayed->left}});
}

Reply purge_dead_letters(const RouteView& view) {
  const Result<std::uint64_t> deleted = view.control->purge_dead_letters();
  if (!deleted) return failed(deleted.status());
  return json_reply({{"route", view.route->config().name}, {"deleted", *deleted}});
}

Reply purge(const RouteView& view, std::string_view through) {
  std::optional<SegmentId> segment;
  if (!through.empty()) {
    SegmentId number = 0;
    const char* const end = through.data() + through.size();
    const auto [stopped, error] = std::from_chars(through.data(), end, number);
    if (error != std::errc() || stopped != end)
      return problem(400, "Bad Request", "malformed", "through is the number of a segment");
    segment = number;
  }
  const Result<std::uint64_t> dropped = view.control->purge(segment);
  if (!dropped) return failed(dropped.status());
  return json_reply({{"route", view.route->config().name}, {"dropped", *dropped}});
}

}  // namespace

std::optional<RoutePath> route_path(std::string_view path) {
  if (!path.starts_with(routes_prefix)) return std::nullopt;
  path.remove_prefix(routes_prefix.size());
  const std::size_t slash = path.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  return RoutePath{path.substr(0, slash), path.substr(slash + 1)};
}

Reply command_route(const AdminSources& sources, const RoutePath& path, std::string_view through) {
  const auto view = std::find_if(
      sources.routes.begin(), sources.routes.end(),
      [&](const RouteView& candidate) { return candidate.route->config().name == path.route; });
  if (view == sources.routes.end()) return not_found("route " + std::string(path.route));
  if (path.verb == "purge") return purge(*view, through);
  if (path.verb == "dead_letters/replay") return replay_dead_letters(*view);
  if (path.verb == "dead_letters/purge") return purge_dead_letters(*view);
  if (path.verb == "pause")
    view->control->pause();
  else if (path.verb == "resume")
    view->control->resume();
  else if (path.verb == "catch-up")
    view->control->catch_up();
  else
    return not_found("the verb " + std::string(path.verb));
  return done(*view);
}

}  // namespace rebuf::daemon::admin
