#include "daemon/run.h"

#include <rebuf/status.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <optional>

#include "daemon/code_memory.h"
#include "daemon/daemon.h"
#include "daemon/logging.h"
#include "daemon/notify.h"
#include "daemon/reload_desk.h"
#include "daemon/signals.h"

namespace rebuf::daemon {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds status_interval{10};
constexpr std::chrono::milliseconds moment{10};

std::optional<std::chrono::nanoseconds> wake_interval(const Notify& notify) {
  if (notify.watchdog_interval())
    return std::min<std::chrono::nanoseconds>(*notify.watchdog_interval(), status_interval);
  if (notify.listened_to()) return status_interval;
  return std::nullopt;
}

// Feeds the watchdog while it waits: that is progress. How often rebufd was told to stop.
int reload(Daemon& daemon, ReloadDesk& desk, const Logging& logging, Notify& notify) {
  logging.info("reads its configuration again");
  int stops = 0;
  desk.begin();
  desk.end(daemon.reload([&] {
    notify.feed_watchdog();
    if (stop_comes_within(moment)) ++stops;
    return stops == 0;
  }));
  return stops;
}

// How often it was told to stop.
int serve_until_stopped(Daemon& daemon, ReloadDesk& desk, const Logging& logging, Notify& notify) {
  const auto interval = wake_interval(notify);
  while (true) {
    if (daemon.making_progress())
      notify.feed_watchdog();
    else
      logging.error("a route makes no progress; the watchdog is not fed");
    if (notify.listened_to()) notify.status(daemon.status_text());
    const std::optional<int> signal = next_signal(interval);
    if (!signal) continue;
    if (signal != SIGHUP) return 1;
    if (const int stops = reload(daemon, desk, logging, notify); stops > 0) return stops;
  }
}

// Feeds the watchdog while it waits: stopping is progress.
void stop(Daemon& daemon, int stops, const Logging& logging, Notify& notify) {
  logging.info("stops: waits for what is in transit");
  notify.stopping();
  daemon.begin_stop();
  const auto deadline = steady_clock::now() + daemon.stop_timeout();
  while (!daemon.quiet() && steady_clock::now() < deadline) {
    notify.feed_watchdog();
    if (stops > 1 || stop_comes_within(moment)) {
      logging.info("a second signal: does not wait any longer");
      break;
    }
  }
  daemon.finish_stop();
}

}  // namespace

void prepare_process() {
  block_signals();
  // A peer that has gone is an error of its connection.
  ignore(std::signal(SIGPIPE, SIG_IGN), "fails only for an unknown signal");
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  ignore(::setrlimit(RLIMIT_NOFILE, &files), "fewer connections then");
}

int run(const config::Config& config, const std::vector<config::Mistake>& warnings) {
  const Logging logging(config.log);
  for (const config::Mistake& warning : warnings) logging.warning(warning.message());
  Notify notify;
  ReloadDesk desk;
  Result<std::unique_ptr<Daemon>> daemon = Daemon::start(config, logging, desk);
  if (!daemon) {
    const Status status = daemon.status();
    logging.error("cannot start: " + status.message());
    return status.code() == Code::invalid_argument ? exit_usage : exit_failed;
  }
  logging.info("ready");
  notify.ready();
  let_go_of_start_code();
  const int stops = serve_until_stopped(**daemon, desk, logging, notify);
  desk.close();
  stop(**daemon, stops, logging, notify);
  daemon->reset();
  logging.info("stopped");
  return exit_fine;
}

}  // namespace rebuf::daemon
