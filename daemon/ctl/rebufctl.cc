// rebufctl: looks into a running rebufd and into its logs, and steers its routes. This file only
// reads the command line.
#include <rebuf/status.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <iostream>
#include <string>

#include "daemon/ctl/admin_client.h"
#include "daemon/ctl/dlq_command.h"
#include "daemon/ctl/embedded_command.h"
#include "daemon/ctl/exit_codes.h"
#include "daemon/ctl/reload_command.h"
#include "daemon/ctl/route_command.h"
#include "daemon/ctl/status_command.h"
#include "daemon/ctl/wal_commands.h"
#include "daemon/ctl/wal_directory.h"
#include "daemon/version.h"

namespace rebuf::ctl {
namespace {

struct Command {
  std::string admin;
  StatusOptions status;
  RouteOptions route;
  DlqOptions dlq;
  std::string embedded_verb, embedded_sink;
  std::string wal;  // DIR|ROUTE
  bool json = false;
  bool entries = false;
  bool values = false;
};

CLI::App* add_status(CLI::App& app, Command& command) {
  CLI::App* status = app.add_subcommand("status", "Routes and sinks of the running rebufd");
  status->add_flag("--watch", command.status.watch, "Again every second");
  status->add_flag("--json", command.status.json, "As JSON");
  return status;
}

CLI::App* add_embedded(CLI::App& app, Command& command) {
  CLI::App* embedded = app.add_subcommand(
      "embedded",
      "Takes the embedded Kafka of a sink (type: embedded_kafka) away or brings it back");
  embedded->add_option("VERB", command.embedded_verb, "up or down")
      ->required()
      ->check(CLI::IsMember({"up", "down"}));
  embedded->add_option("SINK", command.embedded_sink, "Its name, when several are embedded");
  return embedded;
}

CLI::App* add_route(CLI::App& app, Command& command) {
  CLI::App* route = app.add_subcommand("route", "Steers a route of the running rebufd");
  route
      ->add_option("VERB", command.route.verb,
                   "pause: no delivering, requests go to the log; resume; catch-up: the drain's "
                   "limits are lifted; purge: the backlog is deleted")
      ->required()
      ->check(CLI::IsMember({"pause", "resume", "catch-up", "purge"}));
  route->add_option("ROUTE", command.route.route, "Its name")->required();
  route->add_option("--through", command.route.through, "purge: only up to this segment")
      ->type_name("SEGMENT");
  route->add_flag("--yes", command.route.yes, "purge: does not ask");
  return route;
}

CLI::App* add_dlq(CLI::App& app, Command& command) {
  CLI::App* dlq = app.add_subcommand("dlq", "The dead letters of a route");
  dlq->require_subcommand(1);
  const auto add = [&](const char* name, const char* help) {
    CLI::App* verb = dlq->add_subcommand(name, help);
    verb->add_option("ROUTE", command.dlq.route, "Its name")->required();
    verb->callback([&command, name] { command.dlq.verb = name; });
    return verb;
  };
  add("list", "One a line; ROUTE may be the route's directory")
      ->add_flag("--json", command.dlq.json, "An object a line");
  add("export", "Each as a line of JSON, with its message; ROUTE may be the route's directory");
  add("replay", "Puts them back into the route, in order");
  add("purge", "Deletes them")->add_flag("--yes", command.dlq.yes, "Does not ask");
  return dlq;
}

CLI::App* add_wal(CLI::App& app, Command& command) {
  CLI::App* wal = app.add_subcommand(
      "wal",
      "Reads or repairs a log: a directory, a live one too, or a route of the running rebufd");
  wal->require_subcommand(1);
  const auto add = [&](const char* name, const char* help) {
    CLI::App* verb = wal->add_subcommand(name, help);
    verb->add_option("DIR|ROUTE", command.wal, "The log's directory, the route's, or its name")
        ->required();
    return verb;
  };
  CLI::App* inspect = add("inspect", "Its segments");
  inspect->add_flag("--entries", command.entries, "Every entry, one a line");
  inspect->add_flag("--json", command.json, "As JSON");
  add("verify", "Reads all of it; ends with 3 when there is damage")
      ->add_flag("--json", command.json, "As JSON");
  add("repair", "Moves what is damaged to quarantine; not while rebufd runs on it")
      ->add_flag("--json", command.json, "As JSON");
  add("export", "Every entry as a line of JSON")
      ->add_flag("--values", command.values, "The values alone, each with a newline behind it");
  add("stats", "Counts, sizes, ages and topics")->add_flag("--json", command.json, "As JSON");
  return wal;
}

int run_wal(const CLI::App& wal, const Command& command, const AdminClient& client) {
  const WalDirectory found = find_wal(command.wal, client);
  if (found.exit_code != exit_fine) {
    std::cerr << "rebufctl: " << found.problem << '\n';
    return found.exit_code;
  }
  if (wal.got_subcommand("inspect")) return inspect(found.path, command.entries, command.json);
  if (wal.got_subcommand("verify")) return verify(found.path, command.json);
  if (wal.got_subcommand("repair")) return repair(found.path, command.json);
  if (wal.got_subcommand("export")) return export_entries(found.path, command.values);
  return stats(found.path, command.json);
}

int main_with(int argc, char** argv) {
  CLI::App app{
      "Looks into a running rebufd and into its logs, and steers its routes.\n"
      "Exit codes: 0 fine, 1 failed, 2 usage or configuration, 3 damage found, 7 no rebufd "
      "answers."};
  app.set_version_flag("--version", std::string("rebufctl ") + daemon::version);
  app.require_subcommand(1);
  Command command;
  app.add_option("--admin", command.admin, "Where rebufd's admin server is")
      ->type_name("unix:PATH|URL");
  const CLI::App* status = add_status(app, command);
  const CLI::App* reload_verb =
      app.add_subcommand("reload", "The running rebufd reads its configuration again");
  const CLI::App* embedded = add_embedded(app, command);
  const CLI::App* route = add_route(app, command);
  const CLI::App* dlq = add_dlq(app, command);
  const CLI::App* wal = add_wal(app, command);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? exit_fine : exit_usage;
  }
  const std::optional<AdminClient> client = AdminClient::make(command.admin);
  if (!client) {
    std::cerr << "rebufctl: --admin is unix:PATH or http://HOST:PORT\n";
    return exit_usage;
  }
  if (status->parsed()) return show_status(*client, command.status);
  if (reload_verb->parsed()) return reload(*client);
  if (embedded->parsed())
    return switch_embedded(*client, command.embedded_verb, command.embedded_sink);
  if (route->parsed()) return command_route(*client, command.route);
  if (dlq->parsed()) return dead_letters(*client, command.dlq);
  return run_wal(*wal, command, *client);
}

}  // namespace
}  // namespace rebuf::ctl

int main(int argc, char** argv) {
  // A reader that has gone shows as a failed write.
  rebuf::ignore(std::signal(SIGPIPE, SIG_IGN), "fails only for an unknown signal");
  std::ios::sync_with_stdio(false);
  return rebuf::ctl::main_with(argc, argv);
}
