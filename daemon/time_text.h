// Times as people and programs read them alike.
#pragma once

#include <chrono>
#include <string>

namespace rebuf::daemon {

// RFC 3339 in UTC, to the millisecond: "2026-11-25T12:00:00.123Z".
[[nodiscard]] std::string time_text(std::chrono::system_clock::time_point time);

}  // namespace rebuf::daemon
