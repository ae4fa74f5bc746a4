// rebufctl wal inspect|verify|export|stats. Each reads a log's directory without a lock and changes
// nothing, prints to stdout, says problems on stderr, and returns the exit code.
#pragma once

#include <filesystem>

#include "rebuf/verify.h"

namespace rebuf::ctl {

// The segments; with `entries` every entry too, one a line.
[[nodiscard]] int inspect(const std::filesystem::path& dir, bool entries, bool json);
// exit_damaged when anything cannot be read as entries.
[[nodiscard]] int verify(const std::filesystem::path& dir, bool json);
// Every entry, one a line: as JSON, or the values alone.
[[nodiscard]] int export_entries(const std::filesystem::path& dir, bool values);
// What the log holds: counts, sizes, ages, topics.
[[nodiscard]] int stats(const std::filesystem::path& dir, bool json);

// ok, or why stdout took nothing more. Right after writing, for errno's sake.
[[nodiscard]] Status stdout_status();
// Says on stderr that a scan failed; the exit code.
[[nodiscard]] int scan_failed(const Status& status);
// Says on stderr what of the directory is damaged.
void tell_damages(const VerifyReport& report);
// Behind the last entry that went to standard output: what it came to.
[[nodiscard]] int end_of_listing(const Result<VerifyReport>& report);

}  // namespace rebuf::ctl
