// What stands in the active file after anything: read like a completed segment, so that damage in
// the middle costs nothing behind it; only what follows the last right entry is the tail.
// Changes nothing. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "rebuf/file_system.h"
#include "rebuf/position.h"
#include "rebuf/reader.h"
#include "rebuf/status.h"
#include "wal/block_reader.h"

namespace rebuf {

struct SurveyedFile {
  std::uint64_t end = 0;                 // behind the last right entry
  std::optional<std::uint64_t> ordinal;  // of the last right entry
  std::uint64_t entries = 0;
  struct ZeroEntries {
    Position at;
    std::uint64_t entries = 0;
  };
  std::vector<ZeroEntries> zero_entries;  // before `end`
  std::vector<Damage> damages;            // before `end`
  std::optional<Damage> tail;             // behind `end`, if it holds a byte that is not zero
};

// Errors: io.
[[nodiscard]] Result<SurveyedFile> survey(File& file, SegmentId segment, std::uint64_t size,
                                          const OrdinalOf& ordinal_of);

}  // namespace rebuf
