// Where a log's things lie when the options do not say.
#pragma once

#include <filesystem>

#include "rebuf/options.h"

namespace rebuf {

// "logs/a/" is "logs/a": the state directory's default lies beside it, not within.
[[nodiscard]] std::filesystem::path without_trailing_slash(const std::filesystem::path& dir);

// With state_dir and max_quarantine_bytes set. `dir` has no trailing slash.
[[nodiscard]] Options filled_in(Options options, const std::filesystem::path& dir);

}  // namespace rebuf
