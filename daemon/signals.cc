#include "daemon/signals.h"

#include <csignal>
#include <ctime>
#include <initializer_list>

namespace rebuf::daemon {
namespace {

sigset_t set_of(std::initializer_list<int> signals) {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : signals) ::sigaddset(&set, signal);
  return set;
}

sigset_t all_signals() { return set_of({SIGTERM, SIGINT, SIGHUP}); }

std::optional<int> next_of(const sigset_t& set, std::chrono::nanoseconds within) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(within);
  const timespec time{seconds.count(), (within - seconds).count()};
  const int signal = ::sigtimedwait(&set, nullptr, &time);
  return signal > 0 ? std::optional(signal) : std::nullopt;
}

}  // namespace

void block_signals() {
  const sigset_t set = all_signals();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

std::optional<int> next_signal(std::optional<std::chrono::nanoseconds> within) {
  const sigset_t set = all_signals();
  if (within) return next_of(set, *within);
  const int signal = ::sigwaitinfo(&set, nullptr);
  return signal > 0 ? std::optional(signal) : std::nullopt;
}

bool stop_comes_within(std::chrono::nanoseconds time) {
  return next_of(set_of({SIGTERM, SIGINT}), time).has_value();
}

}  // namespace rebuf::daemon
