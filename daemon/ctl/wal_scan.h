// Reads a log directory from outside, a live one too, with a progress bar.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "rebuf/verify.h"

namespace rebuf::ctl {

// Calls `on_entry` for every entry that stands, in order. In a live directory the last write may be
// seen half done: what looks like damage at the end of the active segment counts only when it is
// still there in a second look.
[[nodiscard]] Result<VerifyReport> scan_wal(const std::filesystem::path& dir,
                                            const std::string& what,
                                            std::function<Status(const EntryRef&)> on_entry);

}  // namespace rebuf::ctl
