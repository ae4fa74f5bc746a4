// What rebufd tells systemd; sd_notify(3). Does nothing when systemd did not start it. Main's
// thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace rebuf::daemon {

class Notify {
 public:
  Notify();
  // Nothing when nobody listens.
  [[nodiscard]] bool listened_to() const { return listened_to_; }
  // How often the watchdog wants to be fed: half of what it waits. Empty: there is none.
  [[nodiscard]] std::optional<std::chrono::microseconds> watchdog_interval() const {
    return watchdog_interval_;
  }
  void ready() const { send("READY=1"); }
  void stopping() const { send("STOPPING=1"); }
  void feed_watchdog() const { send("WATCHDOG=1"); }
  void status(const std::string& text);  // only when it has changed

 private:
  void send(const std::string& state) const;
  bool listened_to_ = false;
  std::optional<std::chrono::microseconds> watchdog_interval_;
  std::string last_status_;
};

}  // namespace rebuf::daemon
