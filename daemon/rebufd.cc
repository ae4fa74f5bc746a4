// rebufd: takes messages in over HTTP, hands them to a sink, and keeps them in the log while that
// fails. This file only reads the command line.
#include <CLI/CLI.hpp>
#include <iostream>
#include <optional>
#include <string>

#include "config/load.h"
#include "daemon/run.h"
#include "daemon/version.h"

namespace rebuf::daemon {
namespace {

struct Command {
  std::string run = "/etc/rebufd/rebufd.yaml";
  std::optional<std::string> check;  // given, even an empty one: only that is done
  std::optional<std::string> print;
};

int act(const Command& command) {
  const std::string& file = command.check   ? *command.check
                            : command.print ? *command.print
                                            : command.run;
  const config::Loaded loaded = config::load(file);
  for (const config::Mistake& mistake : loaded.mistakes) std::cerr << mistake.message() << '\n';
  if (!loaded.config) return exit_usage;
  if (!command.check && !command.print) return run(*loaded.config, loaded.warnings);
  for (const config::Mistake& warning : loaded.warnings)
    std::cerr << "warning: " << warning.message() << '\n';
  if (command.print)
    std::cout << config::print(*loaded.config);
  else
    std::cout << file << ": no mistakes\n";
  return exit_fine;
}

int main_with(int argc, char** argv) {
  CLI::App app{
      "Takes messages in over HTTP and hands them to Kafka or HTTP; keeps them in a log "
      "on disk while that fails.\nSignals: SIGTERM and SIGINT stop it, nothing is lost; SIGHUP "
      "reloads the configuration."};
  app.set_version_flag("--version", std::string("rebufd ") + version);
  Command command;
  auto* run_option = app.add_option("--config", command.run, "Run with this configuration")
                         ->capture_default_str()
                         ->type_name("FILE");
  auto* check_option =
      app.add_option("--check-config", command.check, "Name every mistake in it, and end")
          ->type_name("FILE");
  auto* print_option =
      app.add_option("--print-config", command.print, "Show all of it, defaults filled in, and end")
          ->type_name("FILE");
  check_option->excludes(run_option)->excludes(print_option);
  print_option->excludes(run_option);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? exit_fine : exit_usage;
  }
  return act(command);
}

}  // namespace
}  // namespace rebuf::daemon

int main(int argc, char** argv) {
  rebuf::daemon::prepare_process();
  return rebuf::daemon::main_with(argc, argv);
}
