#include "daemon/reload_desk.h"

#include <rebuf/status.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <utility>

namespace rebuf::daemon {
namespace {

constexpr std::chrono::seconds patience{30};  // less than rebufctl has

}  // namespace

std::optional<ReloadOutcome> ReloadDesk::reload() {
  std::unique_lock lock(mutex_);
  if (closed_) return std::nullopt;
  const std::uint64_t mine = begun_ + 1;
  ignore(::kill(::getpid(), SIGHUP), "it cannot fail for a process of one's own");
  ended_.wait_for(lock, patience, [&] { return closed_ || done_ >= mine; });
  if (done_ < mine) return std::nullopt;
  return last_;
}

bool ReloadDesk::last_successful() const {
  const std::lock_guard lock(mutex_);
  return last_.done;
}

void ReloadDesk::begin() {
  const std::lock_guard lock(mutex_);
  ++begun_;
}

void ReloadDesk::end(ReloadOutcome outcome) {
  {
    const std::lock_guard lock(mutex_);
    done_ = begun_;
    last_ = std::move(outcome);
  }
  ended_.notify_all();
}

void ReloadDesk::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  ended_.notify_all();
}

}  // namespace rebuf::daemon
