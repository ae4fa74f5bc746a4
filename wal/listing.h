// What lies in a log directory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "rebuf/file_system.h"
#include "rebuf/position.h"
#include "rebuf/status.h"

namespace rebuf {

struct LogListing {
  std::map<SegmentId, std::uint64_t> completed;  // bytes of each
  std::optional<std::uint64_t> active_bytes;     // empty: there is no rebuf.tmp
  std::vector<std::string> foreign;              // everything else, sorted
  SegmentId next_segment = 0;  // behind all segment names, a foreign directory's too
};

// Errors: not_found, io.
[[nodiscard]] Result<LogListing> list_log(FileSystem& fs, const std::filesystem::path& dir);

}  // namespace rebuf
