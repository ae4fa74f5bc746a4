#include "daemon/admin/endpoints.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "daemon/admin/metrics.h"
#include "daemon/admin/page.h"
#include "daemon/admin/replies.h"
#include "daemon/admin/route_commands.h"
#include "daemon/admin/status_json.h"
#include "daemon/health.h"

namespace rebuf::daemon::admin {
namespace {

constexpr std::string_view sinks_prefix = "/api/v1/sinks/";
constexpr std::string_view embedded_part = "/embedded/";
constexpr std::string_view reload_path = "/api/v1/reload";

Reply unavailable(std::string_view code, const std::string& reason) {
  return problem(503, "Service Unavailable", code, reason);
}

// "/api/v1/sinks/S/embedded/V"; empty when it is not such a path.
struct EmbeddedPath {
  std::string_view sink, verb;
};
std::optional<EmbeddedPath> embedded_path(std::string_view path) {
  if (!path.starts_with(sinks_prefix)) return std::nullopt;
  path.remove_prefix(sinks_prefix.size());
  const std::size_t part = path.find(embedded_part);
  if (part == std::string_view::npos) return std::nullopt;
  return EmbeddedPath{path.substr(0, part), path.substr(part + embedded_part.size())};
}

std::vector<const Route*> routes_of(const AdminSources& sources) {
  std::vector<const Route*> routes;
  for (const RouteView& view : sources.routes) routes.push_back(view.route);
  return routes;
}

Reply health(const AdminSources& sources) {
  if (const auto trouble = health_trouble(routes_of(sources)))
    return unavailable(trouble->code, trouble->detail);
  return json_reply({{"status", "ok"}});
}

Reply ready(const std::vector<const Route*>& routes) {
  if (const auto trouble = readiness_trouble(routes))
    return unavailable(trouble->code, trouble->detail);
  return json_reply({{"status", "ready"}});
}

Reply ready(const AdminSources& sources, std::string_view route) {
  for (const Route* known : routes_of(sources))
    if (known->config().name == route) return ready({known});
  return not_found("route " + std::string(route));
}

Reply read(const AdminSources& sources, std::string_view path) {
  constexpr std::string_view ready_prefix = "/readyz/";
  if (path == "/healthz") return health(sources);
  if (path == "/readyz") return ready(routes_of(sources));
  if (path.starts_with(ready_prefix)) return ready(sources, path.substr(ready_prefix.size()));
  if (path == "/metrics")
    return {200, std::string(metrics_content_type), render_metrics(sources), {}};
  if (path == "/api/v1/status") return {200, "application/json", render_status(sources), {}};
  for (const PageFile& file : page_files())
    if (path == file.path)
      return {200, std::string(file.content_type), std::string(file.content), {}};
  return not_found(path);
}

Reply switch_embedded(const AdminSources& sources, const EmbeddedPath& path) {
  if (path.verb != "up" && path.verb != "down")
    return not_found("the verb " + std::string(path.verb));
  const auto found = std::find_if(sources.sinks.begin(), sources.sinks.end(),
                                  [&](const SinkView& view) { return view.name == path.sink; });
  if (found == sources.sinks.end()) return not_found("sink " + std::string(path.sink));
  if (found->embedded == nullptr || !found->embedded->set_embedded_up(path.verb == "up"))
    return problem(409, "Conflict", "not_embedded",
                   "sink " + found->name + " has no embedded broker (type: embedded_kafka)");
  return json_reply({{"sink", found->name}, {"embedded", path.verb}});
}

// Waits for it: what the answer says holds for whoever reads it.
Reply reload(const AdminSources& sources) {
  if (sources.reload == nullptr) return not_found("reloading");
  const std::optional<ReloadOutcome> outcome = sources.reload->reload();
  if (!outcome)
    return unavailable("not_done",
                       "rebufd stops, or the reload takes longer than an answer may: see its log");
  if (outcome->done)
    return json_reply(
        {{"added", outcome->added}, {"removed", outcome->removed}, {"changed", outcome->changed}});
  std::string mistakes;
  for (const std::string& mistake : outcome->mistakes)
    mistakes += (mistakes.empty() ? "" : "\n") + mistake;
  return problem(422, "Unprocessable Content", "bad_configuration", mistakes);
}

Reply change(const AdminSources& sources, const Ask& ask) {
  if (ask.method != "POST") {
    Reply refused = problem(405, "Method Not Allowed", "method_not_allowed", "use POST");
    refused.allow = "POST";
    return refused;
  }
  if (ask.access == Access::read_only)
    return problem(403, "Forbidden", "read_only",
                   "changes go through the Unix socket admin.socket, as rebufctl does");
  if (const auto route = route_path(ask.path)) return command_route(sources, *route, ask.through);
  if (ask.path == reload_path) return reload(sources);
  return switch_embedded(sources, *embedded_path(ask.path));
}

}  // namespace

Reply Endpoints::answer(const Ask& ask) const {
  if (ask.access == Access::read_only && !hosts_.right(ask.host))
    return problem(403, "Forbidden", "unknown_host",
                   "Host is none of this server's names; see admin.allowed_hosts");
  const std::shared_ptr<const AdminSources> sources = sources_.now();
  if (embedded_path(ask.path) || route_path(ask.path) || ask.path == reload_path)
    return change(*sources, ask);
  Reply reply = read(*sources, ask.path);
  if (ask.method == "GET" || ask.method == "HEAD" || reply.status == 404) return reply;
  reply = problem(405, "Method Not Allowed", "method_not_allowed", "use GET");
  reply.allow = "GET, HEAD";
  return reply;
}

}  // namespace rebuf::daemon::admin
