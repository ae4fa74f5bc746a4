#include "daemon/ctl/route_command.h"

#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "daemon/ctl/confirm.h"
#include "daemon/ctl/exit_codes.h"

namespace rebuf::ctl {
namespace {

std::string path_of(const RouteOptions& options) {
  std::string path = "/api/v1/routes/" + options.route + "/" + options.verb;
  if (options.through) path += "?through=" + std::to_string(*options.through);
  return path;
}

int purge(const AdminClient& client, const RouteOptions& options) {
  if (!options.yes) {
    const std::string what =
        options.through ? fmt::format("up to segment {}", *options.through) : "all of it";
    const int answer = confirm(fmt::format(
        "Delete the backlog of route {}, {}? It is not delivered.", options.route, what));
    if (answer != exit_fine) return answer;
  }
  const AdminAnswer answer = client.post(path_of(options));
  if (answer.exit_code != exit_fine) return fail(answer);
  const auto done = nlohmann::json::parse(answer.body);
  std::cout << fmt::format("{}: {} messages dropped\n", options.route,
                           done.at("dropped").get<std::uint64_t>());
  return exit_fine;
}

}  // namespace

int command_route(const AdminClient& client, const RouteOptions& options) {
  if (options.verb == "purge") return purge(client, options);
  if (options.through || options.yes) {
    std::cerr << "rebufctl: --through and --yes belong to purge\n";
    return exit_usage;
  }
  const AdminAnswer answer = client.post(path_of(options));
  if (answer.exit_code != exit_fine) return fail(answer);
  const auto now = nlohmann::json::parse(answer.body);
  std::cout << fmt::format("{}: {}, {} messages wait\n", options.route,
                           now.at("state").get<std::string>(),
                           now.at("backlog_messages").get<std::uint64_t>());
  return exit_fine;
}

}  // namespace rebuf::ctl
