// Which keys of a running configuration another one would change although only a restart can:
// those of the process as a whole (keys_process.cc), but for `stop_timeout`. Sinks and routes are
// not looked at.
#pragma once

#include <vector>

#include "config/load.h"

namespace rebuf::config {

// Each with its place in the wanted file; in the order of the keys' tables. `wanted` has a
// configuration.
[[nodiscard]] std::vector<Mistake> needs_restart(const Config& running, const Loaded& wanted);

}  // namespace rebuf::config
