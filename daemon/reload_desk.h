// Between those who ask for a reload (the admin server's threads) and main, which does it. Asking
// raises SIGHUP in this very process, so that main wakes and both ways are one. A reload answers
// all who asked before it began; who asks while one runs is answered by the next, for the file may
// have changed in between.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>

#include "daemon/reload_control.h"

namespace rebuf::daemon {

class ReloadDesk final : public ReloadControl {
 public:
  // ReloadControl
  [[nodiscard]] std::optional<ReloadOutcome> reload() override;
  [[nodiscard]] bool last_successful() const override;

  // Main's:
  void begin();                     // a reload begins
  void end(ReloadOutcome outcome);  // and ends
  void close();                     // no other will begin; nobody waits any longer

 private:
  mutable std::mutex mutex_;
  std::condition_variable ended_;
  // Guarded by mutex_. Reloads are numbered from 1 on.
  std::uint64_t begun_ = 0;
  std::uint64_t done_ = 0;
  bool closed_ = false;
  ReloadOutcome last_{true, {}, {}, {}, {}};
};

}  // namespace rebuf::daemon
