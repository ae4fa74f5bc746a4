// What whoever asks for a reload of the configuration hears, and how it is asked for.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace rebuf::daemon {

struct ReloadOutcome {
  bool done = false;  // false: nothing was changed, and `mistakes` says why
  // As --check-config says them: FILE:LINE:COL: what, and what would be right.
  std::vector<std::string> mistakes;
  // Names of routes.
  std::vector<std::string> added, removed, changed;
};

class ReloadControl {
 public:
  virtual ~ReloadControl() = default;
  ReloadControl() = default;
  ReloadControl(const ReloadControl&) = delete;
  ReloadControl& operator=(const ReloadControl&) = delete;

  // Reads the file as it is from now on, and waits for the end of that; nothing when that takes
  // longer than somebody who asks has patience for, or when rebufd stops. Any thread but main's.
  [[nodiscard]] virtual std::optional<ReloadOutcome> reload() = 0;
  // False after a reload that was refused; true from the start on. Any thread.
  [[nodiscard]] virtual bool last_successful() const = 0;
};

}  // namespace rebuf::daemon
