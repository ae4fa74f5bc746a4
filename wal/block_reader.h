// Reads blocks of entries from segment files, and what is not an entry as damage. Knows nothing of
// which segments there are: its callers (the tail reader, open, scan) say what to read. Owned by
// one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "rebuf/file_system.h"
#include "rebuf/options.h"
#include "rebuf/reader.h"
#include "rebuf/status.h"
#include "wal/block_memory.h"
#include "wal/entry_search.h"

namespace rebuf {

// A stretch of one segment's file.
struct Extent {
  SegmentId segment = 0;
  std::uint64_t offset = 0;  // where an entry should begin
  std::uint64_t limit = 0;   // > offset; nothing behind it is looked at
};

using OrdinalOf = std::function<std::optional<std::uint64_t>(Bytes)>;

class BlockReader {
 public:
  explicit BlockReader(OrdinalOf ordinal_of);

  struct Read {
    std::uint64_t next = 0;          // offset behind what was taken, at most the extent's limit
    std::uint64_t zero_entries = 0;  // twelve zero bytes each, passed over
    bool all_zero = false;           // no entries, and no byte of what was passed over is not zero
  };
  // Puts into `block` the entries at the front of the extent (one at least, about `max_bytes`), or
  // the damage that stands there. Errors: io; `block` is unchanged then.
  [[nodiscard]] Result<Read> read(File& file, const Extent& extent, std::size_t max_bytes,
                                  Block& block);

  // What follows is not behind what was read before.
  void forget_neighbours();

 private:
  enum class Stop : std::uint8_t { end, incomplete, broken };
  struct Parsed {
    std::uint64_t used = 0;  // bytes of whole entries
    Stop stop = Stop::end;
    std::uint64_t needed = 0;  // incomplete: bytes of the whole entry behind them
  };
  static Parsed parse(Bytes bytes, const Extent& extent, std::vector<EntryRef>& entries);
  [[nodiscard]] Result<Read> pass_over(File& file, const Extent& extent, Block& block);
  [[nodiscard]] bool believe(const FoundEntry& found) const;

  OrdinalOf ordinal_of_;
  Judge judge_;  // empty without ordinal_of_
  BlockMemory memory_;
  // The last right entry's ordinal (outer: is there such an entry), and the bytes passed over
  // since.
  std::optional<std::optional<std::uint64_t>> neighbour_;
  std::uint64_t passed_over_ = 0;
};

}  // namespace rebuf
