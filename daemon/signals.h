// The signals that rebufd takes. They are blocked in every thread (block_signals, before the first
// is started), and main fetches them when it looks.
#pragma once

#include <chrono>
#include <optional>

namespace rebuf::daemon {

void block_signals();

// SIGTERM, SIGINT or SIGHUP: the next one that came or comes within the time; without a time, the
// next one.
[[nodiscard]] std::optional<int> next_signal(std::optional<std::chrono::nanoseconds> within);

// Waits for so long; ends early, and is true, when SIGTERM or SIGINT comes. A SIGHUP is left for
// later.
[[nodiscard]] bool stop_comes_within(std::chrono::nanoseconds time);

}  // namespace rebuf::daemon
