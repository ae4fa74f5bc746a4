// Asks the person at the terminal before something is deleted.
#pragma once

#include <string>

namespace rebuf::ctl {

// exit_fine: yes. Otherwise what to end with: the answer was no (exit_failed), or stdin is no
// terminal and nobody can be asked (exit_usage); said on stderr.
[[nodiscard]] int confirm(const std::string& question);

}  // namespace rebuf::ctl
