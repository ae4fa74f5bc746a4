// How rebufctl ends; contracts of scripts.
#pragma once

namespace rebuf::ctl {

inline constexpr int exit_fine = 0;
inline constexpr int exit_failed = 1;
inline constexpr int exit_usage = 2;
inline constexpr int exit_damaged = 3;      // wal verify found damage
inline constexpr int exit_unreachable = 7;  // no rebufd answers

}  // namespace rebuf::ctl
