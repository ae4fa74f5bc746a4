// Runs rebufd from its configuration to its end. Called by main, once.
#pragma once

#include <vector>

#include "config/config.h"
#include "config/load.h"

namespace rebuf::daemon {

inline constexpr int exit_fine = 0;
inline constexpr int exit_failed = 1;
inline constexpr int exit_usage = 2;  // usage or configuration

// Before any thread is started: signals are taken by run() alone, and the limit of open files is
// raised to what the system allows.
void prepare_process();

// SIGTERM and SIGINT end it in an orderly way, within stop_timeout and the time that the disk
// takes; a second one hurries. SIGHUP reads the configuration's file again. `warnings` of the
// configuration are logged. Returns the exit code.
[[nodiscard]] int run(const config::Config& config, const std::vector<config::Mistake>& warnings);

}  // namespace rebuf::daemon
