// Reads one segment file to its end for scan() and repair(): entries, damage, zeros. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "rebuf/file_system.h"
#include "rebuf/reader.h"
#include "rebuf/status.h"
#include "rebuf/verify.h"
#include "wal/block_reader.h"

namespace rebuf {

struct ScannedFile {
  std::uint64_t entries = 0;
  std::uint64_t entry_bytes = 0;  // framed
  std::uint64_t zero_entries = 0;
  std::uint64_t unwritten_bytes = 0;  // zeros at the end of the active file
  std::vector<Damage> damages;
};

// Whether zeros at the end are unwritten space (the active file) or empty entries.
enum class EndZeros : std::uint8_t { unwritten, entries };

// `on_block` gets what stands side by side in memory; an error of its ends the scan, which returns
// it. Errors: io.
[[nodiscard]] Result<ScannedFile> scan_file(File& file, const Extent& extent, EndZeros end_zeros,
                                            BlockReader& reader,
                                            const std::function<Status(const Block&)>& on_block);

}  // namespace rebuf
