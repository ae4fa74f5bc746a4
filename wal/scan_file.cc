#include "wal/scan_file.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace rebuf {

namespace {
constexpr std::size_t block_bytes = std::size_t{256} << 10;
}

Result<ScannedFile> scan_file(File& file, const Extent& extent, EndZeros end_zeros,
                              BlockReader& reader,
                              const std::function<Status(const Block&)>& on_block) {
  ScannedFile found;
  Extent rest = extent;
  while (rest.offset < rest.limit) {
    Block block;
    const auto read = reader.read(file, rest, block_bytes, block);
    if (!read) return read.status();
    const bool at_end = read->next == rest.limit;
    if (read->all_zero && at_end && end_zeros == EndZeros::unwritten) {
      found.unwritten_bytes = rest.limit - rest.offset;
      break;
    }
    found.zero_entries += read->zero_entries;
    std::ranges::move(block.damages, std::back_inserter(found.damages));
    if (!block.entries.empty()) {
      found.entries += block.entries.size();
      found.entry_bytes += read->next - rest.offset;
      if (Status status = on_block(block); !status) return status;
    }
    rest.offset = read->next;
  }
  return found;
}

}  // namespace rebuf
