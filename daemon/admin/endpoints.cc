#include "daemon/admin/endpoints.h"

#include <algorithm>

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

}  // namespace

Reply Endpoints::answer(const Ask& ask) const {
  if (ask.access == Access::read_only && !hosts_.right(ask.host))
    return problem(403, "Forbidden", "unknown_host",
                   "Host is none of this server's names; see admin.allowed_hosts");
  if (embedded_path(ask.path) || route_path(ask.path)) return change(ask);
  Reply reply = read(ask.path);
  if (ask.method == "GET" || ask.method == "HEAD" || reply.status == 404) return reply;
  reply = problem(405, "Method Not Allowed", "method_not_allowed", "use GET");
  reply.allow = "GET, HEAD";
  return reply;
}

Reply Endpoints::change(const Ask& ask) const {
  if (ask.method != "POST") {
    Reply refused = problem(405, "Method Not Allowed", "method_not_allowed", "use POST");
    refused.allow = "POST";
    return refused;
  }
  if (ask.access == Access::read_only)
    return problem(403, "Forbidden", "read_only",
                   "changes go through the Unix socket admin.socket, as rebufctl does");
  if (const auto route = route_path(ask.path)) return command_route(sources_, *route, ask.through);
  const EmbeddedPath embedded = *embedded_path(ask.path);
  return switch_embedded(embedded.sink, embedded.verb);
}

Reply Endpoints::read(std::string_view path) const {
  constexpr std::string_view ready_prefix = "/readyz/";
  if (path == "/healthz") return health();
  if (path == "/readyz") return ready(routes());
  if (path.starts_with(ready_prefix)) return ready(path.substr(ready_prefix.size()));
  if (path == "/metrics")
    return {200, std::string(metrics_content_type), render_metrics(sources_), {}};
  if (path == "/api/v1/status") return {200, "application/json", render_status(sources_), {}};
  for (const PageFile& file : page_files())
    if (path == file.path)
      return {200, std::string(file.content_type), std::string(file.content), {}};
  return not_found(path);
}

Reply Endpoints::health() const {
  if (const auto trouble = health_trouble(routes()))
    return unavailable(trouble->code, trouble->detail);
  return json_reply({{"status", "ok"}});
}

Reply Endpoints::ready(const std::vector<const Route*>& routes) {
  if (const auto trouble = readiness_trouble(routes))
    return unavailable(trouble->code, trouble->detail);
  return json_reply({{"status", "ready"}});
}

Reply Endpoints::ready(std::string_view route) const {
  for (const Route* known : routes())
    if (known->config().name == route) return ready({known});
  return not_found("route " + std::string(route));
}

std::vector<const Route*> Endpoints::routes() const {
  std::vector<const Route*> routes;
  for (const RouteView& view : sources_.routes) routes.push_back(view.route);
  return routes;
}

Reply Endpoints::switch_embedded(std::string_view sink, std::string_view verb) const {
  if (verb != "up" && verb != "down") return not_found("the verb " + std::string(verb));
  const auto found = std::find_if(sources_.sinks.begin(), sources_.sinks.end(),
                                  [&](const SinkView& view) { return view.name == sink; });
  if (found == sources_.sinks.end()) return not_found("sink " + std::string(sink));
  if (found->embedded == nullptr || !found->embedded->set_embedded_up(verb == "up"))
    return problem(409, "Conflict", "not_embedded",
                   "sink " + found->name + " has no embedded broker (type: embedded_kafka)");
  return json_reply({{"sink", found->name}, {"embedded", verb}});
}

}  // namespace rebuf::daemon::admin
