#include "daemon/ctl/dlq_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "daemon/ctl/confirm.h"
#include "daemon/ctl/entry.h"
#include "daemon/ctl/exit_codes.h"
#include "daemon/ctl/text.h"
#include "daemon/ctl/wal_commands.h"
#include "daemon/ctl/wal_directory.h"
#include "daemon/ctl/wal_scan.h"
#include "wal/cursor_store.h"

namespace rebuf::ctl {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* columns = "{:<32}  {:<24}  {:<13}  {:>10}  {:<20}  {}\n";

void print_head() {
  std::cout << fmt::format(columns, "ID", "TIME", "REASON", "SIZE", "TOPIC", "SINK");
}

std::string printable(std::string_view text) {
  return is_utf8(text) ? std::string(text) : base64(text);
}

void print_line(const Entry& entry) {
  const auto& letter = entry.dead_letter;
  std::cout << fmt::format(columns, entry.message ? entry.message->id.hex() : "-",
                           letter ? time_text(letter->time_ms) : "-",
                           letter ? printable(letter->reason) : "-", bytes_text(entry.value.size()),
                           entry.message ? printable(entry.message->topic) : "-",
                           letter ? printable(letter->sink) : "-");
}

void print_json(const Entry& entry) {
  const auto& letter = entry.dead_letter;
  const auto& message = entry.message;
  const Json line{{"id", message ? Json(message->id.hex()) : Json(nullptr)},
                  {"time", letter ? Json(time_text(letter->time_ms)) : Json(nullptr)},
                  {"reason", letter ? Json(printable(letter->reason)) : Json(nullptr)},
                  {"detail", letter ? Json(printable(letter->detail)) : Json(nullptr)},
                  {"sink", letter ? Json(printable(letter->sink)) : Json(nullptr)},
                  {"topic", message ? Json(printable(message->topic)) : Json(nullptr)},
                  {"size_bytes", entry.value.size()}};
  std::cout << line.dump() << '\n';
}

// Calls `show` for every letter that was not put back yet.
int scan_letters(const AdminClient& client, const DlqOptions& options,
                 const std::function<void(const EntryRef&, const Entry&)>& show) {
  const WalDirectory route = find_wal(options.route, client);
  if (route.exit_code != exit_fine) return fail({route.exit_code, {}, route.problem});
  const std::filesystem::path dead = route.path.parent_path() / "dead";
  const auto stored = CursorStore(FileSystem::real(), dead).load();
  if (!stored) return scan_failed(stored.status());
  const auto& cursor = stored->record.cursor;
  const Position from = cursor ? cursor->position : Position{};
  const auto report = scan_wal(dead / "log", options.verb, [&](const EntryRef& at) {
    if (at.begin < from) return Status();
    show(at, Entry::decode(at.data));
    return stdout_status();
  });
  return end_of_listing(report);
}

int list(const AdminClient& client, const DlqOptions& options) {
  if (!options.json) print_head();
  return scan_letters(client, options, [&](const EntryRef&, const Entry& entry) {
    if (options.json)
      print_json(entry);
    else
      print_line(entry);
  });
}

int export_letters(const AdminClient& client, const DlqOptions& options) {
  return scan_letters(client, options, [](const EntryRef& at, const Entry& entry) {
    std::cout << to_json(at, entry).dump() << '\n';
  });
}

// A part at a time, each durable before the next, until as many as stood there at first are
// through.
int replay(const AdminClient& client, const DlqOptions& options) {
  const bool shows_progress = ::isatty(STDERR_FILENO) == 1;
  std::uint64_t total = 0;
  std::uint64_t replayed = 0;
  std::uint64_t dead_again = 0;
  for (bool more = true; more;) {
    const AdminAnswer answer =
        client.post("/api/v1/routes/" + options.route + "/dead_letters/replay");
    if (shows_progress) std::cerr << "\r\x1b[K" << std::flush;
    if (answer.exit_code != exit_fine) {
      std::cerr << fmt::format("rebufctl: {} dead letters were put back before that\n", replayed);
      return fail(answer);
    }
    const auto part = nlohmann::json::parse(answer.body);
    const auto messages = part.at("replayed").get<std::uint64_t>();
    const auto again = part.at("dead_again").get<std::uint64_t>();
    if (total == 0) total = messages + part.at("left").get<std::uint64_t>() - again;
    replayed += messages;
    dead_again += again;
    more = messages > 0 && replayed < total;
    if (more && shows_progress)
      std::cerr << fmt::format("replay {} of {}", replayed, total) << std::flush;
  }
  std::cout << fmt::format("{}: {} dead letters put back", options.route, replayed);
  if (dead_again > 0) std::cout << fmt::format(", {} of them refused again", dead_again);
  std::cout << '\n';
  return exit_fine;
}

int purge(const AdminClient& client, const DlqOptions& options) {
  if (!options.yes) {
    const int answer = confirm("Delete all dead letters of route " + options.route + "?");
    if (answer != exit_fine) return answer;
  }
  const AdminAnswer answer = client.post("/api/v1/routes/" + options.route + "/dead_letters/purge");
  if (answer.exit_code != exit_fine) return fail(answer);
  std::cout << fmt::format("{}: {} dead letters deleted\n", options.route,
                           nlohmann::json::parse(answer.body).at("deleted").get<std::uint64_t>());
  return exit_fine;
}

}  // namespace

int dead_letters(const AdminClient& client, const DlqOptions& options) {
  if (options.verb == "list") return list(client, options);
  if (options.verb == "export") return export_letters(client, options);
  if (options.verb == "replay") return replay(client, options);
  return purge(client, options);
}

}  // namespace rebuf::ctl
