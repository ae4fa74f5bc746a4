#include "daemon/ctl/status_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

#include "daemon/ctl/exit_codes.h"
#include "daemon/ctl/text.h"

namespace rebuf::ctl {
namespace {

using Json = nlohmann::json;

constexpr std::chrono::seconds watch_interval{1};
constexpr const char* clear_screen = "\x1b[H\x1b[2J";

std::string duration_or_dash(const Json& seconds) {
  return seconds.is_null() ? "-" : duration_text(seconds.get<double>());
}

std::string rate_text(const Json& rate) {
  const double value = rate.get<double>();
  return fmt::format("{:.{}f}/s", value, value > 0 && value < 10 ? 1 : 0);
}

std::vector<std::string> route_row(const Json& route) {
  return {route.at("name"),
          route.at("state"),
          std::to_string(route.at("backlog_messages").get<std::uint64_t>()),
          fmt::format("{} of {}", bytes_text(route.at("backlog_bytes")),
                      bytes_text(route.at("capacity_bytes"))),
          duration_or_dash(route.at("oldest_age_seconds")),
          std::to_string(route.at("in_flight").get<std::uint64_t>()),
          rate_text(route.at("accept_rate")),
          rate_text(route.at("deliver_rate")),
          duration_or_dash(route.at("eta_seconds")),
          fmt::format("{} {}", route.at("sink").get<std::string>(),
                      route.at("sink_up").get<bool>() ? "up" : "down")};
}

std::string notes_of(const Json& route) {
  std::string notes;
  const Json& reason = route.at("reason");
  const auto note = [&](std::string_view what, const Json& text) {
    if (text.is_string())
      notes += fmt::format("{}: {}{}\n", route.at("name").get<std::string>(), what,
                           text.get<std::string>());
  };
  note("", reason);
  if (!route.at("ready").get<bool>()) note("refuses requests: ", route.at("ready_reason"));
  if (route.at("last_error") != reason) note("last error: ", route.at("last_error"));
  return notes;
}

// As rebufd's log says it.
std::string orphan_note(const Json& orphan) {
  const std::string name = orphan.at("name");
  const std::string directory = orphan.at("directory");
  if (const Json& problem = orphan.at("problem"); problem.is_string())
    return fmt::format("orphaned {}: {} cannot be read: {}\n", name, directory,
                       problem.get<std::string>());
  return fmt::format(
      "orphaned {}: {} messages ({}) and {} dead letters wait in {}; a route of that name takes "
      "them up again\n",
      name, orphan.at("backlog_messages").get<std::uint64_t>(),
      bytes_text(orphan.at("backlog_bytes")),
      orphan.at("dead_letter_messages").get<std::uint64_t>(), directory);
}

}  // namespace

std::string status_table(const std::string& json) {
  const Json status = Json::parse(json);
  std::string text = fmt::format(
      "rebufd {}, up {}, takes messages on {}\n\n", status.at("version").get<std::string>(),
      duration_text(status.at("uptime_seconds").get<double>()),
      fmt::join(status.at("listen").get<std::vector<std::string>>(), ", "));
  std::vector<std::vector<std::string>> routes{{"ROUTE", "STATE", "WAIT", "BYTES", "OLDEST",
                                                "IN FLIGHT", "ACCEPTED", "DELIVERED", "DRAINED IN",
                                                "SINK"}};
  std::string notes;
  for (const Json& route : status.at("routes")) {
    routes.push_back(route_row(route));
    notes += notes_of(route);
  }
  text += table(routes);
  std::vector<std::vector<std::string>> sinks{
      {"SINK", "TYPE", "STATE", "IN TRANSIT", "LAST ERROR"}};
  for (const Json& sink : status.at("sinks")) {
    sinks.push_back({sink.at("name"), sink.at("type"), sink.at("up").get<bool>() ? "up" : "down",
                     std::to_string(sink.at("held_messages").get<std::uint64_t>()),
                     sink.at("last_error").is_null() ? "-" : sink.at("last_error")});
    if (sink.contains("bootstrap"))
      notes +=
          fmt::format("{}: an embedded Kafka, for trying out: kcat -b {}\n",
                      sink.at("name").get<std::string>(), sink.at("bootstrap").get<std::string>());
  }
  for (const Json& orphan : status.value("orphans", Json::array())) notes += orphan_note(orphan);
  text += "\n" + table(sinks);
  if (!notes.empty()) text += "\n" + notes;
  return text;
}

namespace {

// Prints it. A rebufd of another version may lack what this one shows.
AdminAnswer print_status(const std::string& json, const StatusOptions& options) {
  try {
    if (options.json && options.watch)
      std::cout << nlohmann::ordered_json::parse(json).dump() << std::endl;
    else if (options.json)
      std::cout << json << std::flush;
    else
      std::cout << status_table(json) << std::flush;
    return {};
  } catch (const Json::exception& error) {
    return {
        exit_failed, {}, std::string("rebufd's status is another than expected: ") + error.what()};
  }
}

}  // namespace

int show_status(const AdminClient& client, const StatusOptions& options) {
  const bool redraw = options.watch && !options.json && ::isatty(STDOUT_FILENO) == 1;
  while (true) {
    const AdminAnswer answer = client.status();
    if (answer.exit_code != exit_fine) return fail(answer);
    if (redraw) std::cout << clear_screen;
    const AdminAnswer printed = print_status(answer.body, options);
    if (printed.exit_code != exit_fine) return fail(printed);
    if (!options.watch) return exit_fine;
    if (!std::cout) return exit_failed;
    std::this_thread::sleep_for(watch_interval);
  }
}

}  // namespace rebuf::ctl
