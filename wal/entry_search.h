// Finds the next right entry behind bytes that are not one.
//
// A flipped bit costs the entry it is in and nothing else, so the search tries every byte. But data
// may hold entries of its own (a log sent through a log), so where the broken entry's header points
// at a right entry, that one is taken, unless the header's CRC fits the data up to an earlier one:
// then it is the size that is damaged.
//
// Owned by one thread. Memory: a window and, where a judge is given, one entry.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "rebuf/file_system.h"
#include "rebuf/options.h"
#include "rebuf/status.h"
#include "wal/format.h"
#include "wal/range_crc.h"

namespace rebuf {

struct FoundEntry {
  Bytes data;
  std::uint64_t skipped = 0;        // bytes between the break and the entry
  bool header_points_here = false;  // the broken entry's own header leads to it
};
// Whether a found entry is believed. Empty: every right CRC is.
using Judge = std::function<bool(const FoundEntry&)>;

struct Gap {
  std::uint64_t end = 0;  // offset of the next entry, or the limit when there is none
  bool all_zero = false;  // the gap holds nothing but zero bytes
  std::string reason;
};

// One search behind one break.
class EntrySearch {
 public:
  // `broken` < `limit`: where an entry should begin and none does. Nothing at or behind `limit` is
  // looked at. `file` and `judge` outlive the search.
  EntrySearch(File& file, std::uint64_t broken, std::uint64_t limit, const Judge& judge);

  // Errors: io.
  [[nodiscard]] Result<Gap> run();

 private:
  [[nodiscard]] Gap search();
  [[nodiscard]] std::uint64_t pointed_to(const Header& header);
  [[nodiscard]] std::uint64_t next_plausible(std::uint64_t offset);
  [[nodiscard]] std::uint64_t first_nonzero(std::uint64_t offset);
  [[nodiscard]] bool entry_at(std::uint64_t offset);
  [[nodiscard]] bool believed(std::uint64_t offset, bool header_points_here);
  [[nodiscard]] std::uint32_t crc_of(std::uint64_t offset, std::uint64_t size);
  // What the window holds from `offset` on: `least` bytes at least, fewer at the limit or when
  // reading failed (error_).
  [[nodiscard]] Bytes view(std::uint64_t offset, std::size_t least);

  File& file_;
  const std::uint64_t broken_;
  std::uint64_t limit_;  // once the search runs, the file's end if that is before
  const Judge& judge_;
  std::vector<std::byte> window_;
  std::uint64_t window_offset_ = 0;
  std::optional<RangeCrc> crcs_;  // of what is not in the window
  std::int64_t error_ = 0;        // -errno of the first read that failed
};

}  // namespace rebuf
