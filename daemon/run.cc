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

namespace rebuf::daemon {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds status_interval{10};
constexpr std::chrono::milliseconds quiet_poll{10};

sigset_t our_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&set, signal);
  return set;
}

// The signal that came within the time, if any; without a time: the next one.
std::optional<int> next_signal(std::optional<std::chrono::nanoseconds> within) {
  const sigset_t set = our_signals();
  timespec time{};
  if (within) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(*within);
    time.tv_sec = seconds.count();
    time.tv_nsec = (*within - seconds).count();
  }
  const int signal = within ? ::sigtimedwait(&set, nullptr, &time) : ::sigwaitinfo(&set, nullptr);
  return signal > 0 ? std::optional(signal) : std::nullopt;
}

std::optional<std::chrono::nanoseconds> wake_interval(const Notify& notify) {
  if (notify.watchdog_interval())
    return std::min<std::chrono::nanoseconds>(*notify.watchdog_interval(), status_interval);
  if (notify.listened_to()) return status_interval;
  return std::nullopt;
}

void serve_until_stopped(const Daemon& daemon, const Logging& logging, Notify& notify) {
  const auto interval = wake_interval(notify);
  while (true) {
    if (daemon.making_progress())
      notify.feed_watchdog();
    else
      logging.error("a route makes no progress; the watchdog is not fed");
    if (notify.listened_to()) notify.status(daemon.status_text());
    const std::optional<int> signal = next_signal(interval);
    if (signal == SIGHUP)
      logging.warning("SIGHUP: this version cannot reload its configuration; restart it instead");
    else if (signal)
      return;
  }
}

// Feeds the watchdog while it waits: stopping is progress.
void stop(Daemon& daemon, std::chrono::milliseconds timeout, const Logging& logging,
          Notify& notify) {
  logging.info("stops: waits for what is in transit");
  notify.stopping();
  daemon.begin_stop();
  const auto deadline = steady_clock::now() + timeout;
  while (!daemon.quiet() && steady_clock::now() < deadline) {
    notify.feed_watchdog();
    const std::optional<int> signal = next_signal(quiet_poll);
    if (signal == SIGTERM || signal == SIGINT) {
      logging.info("a second signal: does not wait any longer");
      break;
    }
  }
  daemon.finish_stop();
}

}  // namespace

void prepare_process() {
  const sigset_t set = our_signals();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
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
  Result<std::unique_ptr<Daemon>> daemon = Daemon::start(config, logging);
  if (!daemon) {
    const Status status = daemon.status();
    logging.error("cannot start: " + status.message());
    return status.code() == Code::invalid_argument ? exit_usage : exit_failed;
  }
  logging.info("ready");
  notify.ready();
  let_go_of_start_code();
  serve_until_stopped(**daemon, logging, notify);
  stop(**daemon, config.stop_timeout, logging, notify);
  daemon->reset();
  logging.info("stopped");
  return exit_fine;
}

}  // namespace rebuf::daemon
