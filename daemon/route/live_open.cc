// Opening a route: its directory, identity, log and dead letters, and how much is waiting.
#include <algorithm>

#include "daemon/make_directory.h"
#include "daemon/route/live_route.h"
#include "daemon/route/log_work.h"

namespace rebuf::daemon {
namespace {

constexpr std::uint64_t preallocate_bytes = 4U << 20;

// A crash repeats what the window held, at most; a letter's own head is small beside that.
std::uint64_t recent_letters(const config::RouteConfig& route) {
  constexpr std::uint64_t head_bytes = 512;
  return route.window_max_bytes + head_bytes * route.window_max_messages;
}

}  // namespace

LiveRoute::LiveRoute(LiveRouteSettings settings)
    : settings_(std::move(settings)), dir_(settings_.data_dir / settings_.route.name) {}

Result<std::unique_ptr<LiveRoute>> LiveRoute::open(LiveRouteSettings settings) {
  std::unique_ptr<LiveRoute> route(new LiveRoute(std::move(settings)));  // private constructor
  for (const auto& dir : {route->dir_, route->dir_ / "dead"})
    if (Status status = make_directory(dir); !status.ok()) return status;
  auto identity = Identity::open(route->dir_ / "identity", route->settings_.machine_id);
  if (!identity) return identity.status();
  route->identity_ = *identity;
  auto letters = DeadLetters::open(
      route->dir_ / "dead", route->settings_.route.dead_letters_max_bytes, route->settings_.logger,
      recent_letters(route->settings_.route), route->settings_.file_system);
  if (!letters) return letters.status();
  route->dead_letters_ = std::move(*letters);
  auto log = route->open_log();
  if (!log) return log.status();
  route->log_ = std::move(*log);

  Recovered found = find_backlog(*route->log_);
  const CursorFound& cursor = route->log_->cursor_at_open();
  if (auto before = decode_lifetime(cursor.cursor.user)) {
    found.undated_before = before->undated_before;
    route->before_.totals = continued(*before, found.messages);
    route->before_.exact =
        before->exact && before->clean && !found.uncounted && cursor.how == CursorFound::How::exact;
  } else if (cursor.how != CursorFound::How::none) {
    route->before_.exact = false;
  }
  CoreSettings core;
  core.route = route->settings_.route;
  core.durable = route->settings_.route.buffer.sync == config::Sync::every_write;
  core.sink_memory = route->settings_.sink_memory;
  core.probe_max = route->settings_.probe_max;
  core.probe_while_held = route->settings_.probe_while_held;
  core.probe_rested = route->settings_.probe_rested;
  core.probe_min = std::min(core.probe_min, core.probe_max);
  core.id_prefix = route->identity_.prefix();
  core.foreign_timestamp_ms = wall_ms();
  core.built_at_ms = route->settings_.built_at_ms;
  route->core_ = std::make_unique<Core>(std::move(core), static_cast<Effects&>(*route));
  route->core_->start(found, Clock::now());
  // From here on a crash makes the lifetime totals inexact; this also makes the cursor that open
  // chose durable.
  Cursor first{found.position, found.ordinal.value_or(0), route->lifetime_bytes(false)};
  if (Status status = route->log_->save_cursor(first); !status.ok())
    route->say(LogLevel::warning, "the cursor cannot be saved now: " + status.message());
  if (found.messages > 0)
    route->say(LogLevel::info, std::to_string(found.messages) + " messages wait in the log");
  return route;
}

Result<std::unique_ptr<Log>> LiveRoute::open_log() {
  const config::Buffer& buffer = settings_.route.buffer;
  Options options;
  options.max_log_size = buffer.segment_size;
  options.max_segments = Options::unlimited;  // the route counts bytes and refuses by itself
  options.on_full = OnFull::refuse;
  options.sync_strategy =
      buffer.sync == config::Sync::every_write ? SyncStrategy::every_write : SyncStrategy::interval;
  options.fsync_time = buffer.sync_interval;
  options.preallocate = std::min(preallocate_bytes, buffer.segment_size);
  options.state_dir = dir_;
  options.logger = settings_.logger;
  options.file_system = settings_.file_system;
  options.ordinal_of = [](Bytes data) { return daemon::ordinal_of(data); };
  options.on_appended = [this](std::span<const Appended> groups) {
    with_core([&](Core& core, Clock::time_point now) {
      count_ended(groups.size());
      core.appended(groups, log_->bytes(), now);
    });
    regroup_.wait(groups.size());
  };
  options.on_commit = [this](const CommitInfo& commit) {
    histograms_.wal_commit_entries.observe(static_cast<double>(commit.entries));
    regroup_.synced(commit.sync_time);
    if (commit.sync_time.count() > 0)
      histograms_.wal_sync.observe(std::chrono::duration<double>(commit.sync_time).count());
  };
  auto log = Log::open(dir_ / "log", std::move(options));
  if (!log) return log.status();
  const CursorFound& cursor = (*log)->cursor_at_open();
  if (cursor.how == CursorFound::How::fell_back)
    say(LogLevel::warning,
        "the cursor fell back to the oldest entry, so some messages may be delivered again: " +
            cursor.reason);
  return log;
}

}  // namespace rebuf::daemon
