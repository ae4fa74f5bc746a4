#include "daemon/notify.h"

#include <rebuf/status.h>
#include <systemd/sd-daemon.h>

#include <cstdlib>

namespace rebuf::daemon {

Notify::Notify() : listened_to_(std::getenv("NOTIFY_SOCKET") != nullptr) {
  std::uint64_t usec = 0;
  if (::sd_watchdog_enabled(0, &usec) > 0) watchdog_interval_ = std::chrono::microseconds(usec / 2);
}

void Notify::status(const std::string& text) {
  if (text == last_status_) return;
  last_status_ = text;
  send("STATUS=" + text);
}

void Notify::send(const std::string& state) const {
  if (listened_to_) ignore(::sd_notify(0, state.c_str()), "systemd notices by its own time-outs");
}

}  // namespace rebuf::daemon
