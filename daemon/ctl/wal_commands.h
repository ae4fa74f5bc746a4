// rebufctl wal inspect|verify|repair|export|stats. Each but repair reads a log's directory without
// a lock and changes nothing; all print to stdout, say problems on stderr, and return the exit
// code.
#pragma once

#include <filesystem>

#include "rebuf/verify.h"

namespace rebuf::ctl {

// The segments; with `entries` every entry too, one a line.
[[nodiscard]] int inspect(const std::filesystem::path& dir, bool entries, bool json);
// exit_damaged when anything cannot be read as entries.
[[nodiscard]] int verify(const std::filesystem::path& dir, bool json);
// Moves what cannot be read as entries to quarantine and out of the log; exit_fine when it is
// whole. Refuses the log of a running rebufd.
[[nodiscard]] int repair(const std::filesystem::path& dir, bool json);
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
