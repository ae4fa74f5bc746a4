// Directories below the data directory.
#pragma once

#include <rebuf/status.h>

#include <filesystem>

namespace rebuf::daemon {

// Its name is durable when it returns, also when it was there already: who made it may have died
// before. The parent must exist.
[[nodiscard]] Status make_directory(const std::filesystem::path& dir);

}  // namespace rebuf::daemon
