// A reader's durable place in the log.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rebuf/position.h"

namespace rebuf {

// Everything before `position` is done. Kept in <state_dir>/cursor with its own checksum, the next
// segment id and the CRC of the entry before it.
struct Cursor {
  Position position;
  std::uint64_t ordinal =
      0;  // of the entry at `position` (Options::ordinal_of), 0 when the caller has none
  std::vector<std::byte> user;  // the caller's counters, at most 4 KiB
  // Where the entry before `position` begins, if the caller knows: saving then reads one header
  // instead of all since the last save. Not kept in the file.
  std::optional<Position> entry_before = std::nullopt;
};

// What open made of the stored cursor.
struct CursorFound {
  enum class How : std::uint8_t {
    none,       // there was no cursor file
    exact,      // valid, used as it stands
    fell_back,  // unreadable or pointing to nowhere: the oldest entry instead (duplicates, never
                // loss)
  };
  How how = How::none;
  Cursor cursor;       // `position` is always usable: the oldest entry for none and fell_back
  std::string reason;  // for fell_back, a sentence for the log
};

}  // namespace rebuf
