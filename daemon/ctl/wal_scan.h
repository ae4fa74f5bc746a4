// Reads a log directory from outside, a live one too, with a progress bar.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "rebuf/verify.h"

namespace rebuf::ctl {

// Calls `on_entry` for every entry that stands, in order.
[[nodiscard]] Result<VerifyReport> scan_wal(const std::filesystem::path& dir,
                                            const std::string& what,
                                            std::function<Status(const EntryRef&)> on_entry);

}  // namespace rebuf::ctl
