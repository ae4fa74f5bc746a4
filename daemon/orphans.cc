#include "daemon/orphans.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "config/config.h"
#include "daemon/envelope.h"
#include "daemon/route/dead_letters.h"
#include "daemon/route/log_work.h"

namespace rebuf::daemon {
namespace {

namespace fs = std::filesystem;
using Logger = std::function<void(LogLevel, std::string_view)>;

bool made_by_a_route(const fs::path& dir) {
  std::error_code unreadable;  // then it is none that could be taken up
  return fs::is_directory(dir / "log", unreadable) &&
         fs::is_regular_file(dir / "identity", unreadable);
}

Status count_backlog(Orphan& orphan, const Logger& logger) {
  Options options;
  options.max_log_size = config::Buffer().segment_size;
  options.max_segments = Options::unlimited;
  options.on_full = OnFull::refuse;
  options.state_dir = orphan.dir;
  options.logger = logger;
  options.ordinal_of = [](Bytes data) { return daemon::ordinal_of(data); };
  auto log = Log::open(orphan.dir / "log", std::move(options));
  if (!log) return log.status();
  const Recovered found = find_backlog(**log);
  orphan.messages = found.messages;
  orphan.bytes = found.bytes;
  return (*log)->close();
}

Status count_dead_letters(Orphan& orphan, const Logger& logger) {
  const fs::path log = orphan.dir / "dead" / "log";
  std::error_code why;
  const fs::file_type type = fs::status(log, why).type();
  if (type == fs::file_type::not_found) return {};
  if (type != fs::file_type::directory)
    return {Code::io, "open the dead letters", log.string(), why ? why.value() : ENOTDIR};
  const auto letters =
      DeadLetters::open(orphan.dir / "dead", config::RouteConfig().dead_letters_max_bytes, logger);
  if (!letters) return letters.status();
  orphan.dead_letters = (*letters)->count();
  return (*letters)->trouble_at_open();
}

Orphan look_into(const fs::path& dir, const Logger& logger) {
  Orphan orphan;
  orphan.name = dir.filename().string();
  orphan.dir = dir;
  Status status = count_backlog(orphan, logger);
  if (status.ok()) status = count_dead_letters(orphan, logger);
  if (!status.ok()) orphan.problem = status.message();
  return orphan;
}

}  // namespace

std::string describe(const Orphan& orphan) {
  const std::string what =
      orphan.problem.empty()
          ? fmt::format("{} messages ({} bytes) and {} dead letters wait in {}", orphan.messages,
                        orphan.bytes, orphan.dead_letters, orphan.dir.string())
          : fmt::format("{} cannot be read: {}", orphan.dir.string(), orphan.problem);
  return fmt::format(
      "orphaned: {}, and no route is called {}; a route of that name takes them up again", what,
      orphan.name);
}

std::vector<Orphan> find_orphans(const fs::path& data_dir, const std::set<std::string>& routes,
                                 const Logger& logger, const std::function<void()>& meanwhile) {
  std::vector<Orphan> orphans;
  std::error_code error;
  for (fs::directory_iterator entry(data_dir, error), end; !error && entry != end;
       entry.increment(error)) {
    const fs::path& dir = entry->path();
    if (routes.contains(dir.filename().string()) || !made_by_a_route(dir)) continue;
    meanwhile();
    Orphan orphan = look_into(dir, logger);
    if (orphan.messages > 0 || orphan.dead_letters > 0 || !orphan.problem.empty())
      orphans.push_back(std::move(orphan));
  }
  if (error && logger)
    logger(LogLevel::warning, "whether anything is orphaned is not known: " + data_dir.string() +
                                  ": " + error.message());
  std::ranges::sort(orphans, {}, &Orphan::name);
  return orphans;
}

}  // namespace rebuf::daemon
