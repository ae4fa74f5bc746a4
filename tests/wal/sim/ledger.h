// What a test asked of a log and what it was told, with the moment of each: the length of the
// file system's journal then. From that follows what must be found, and what may be, when the power
// was cut at a moment. Owned and guarded by Session.
#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "rebuf/cursor.h"
#include "rebuf/position.h"
#include "rebuf/status.h"

namespace rebuf::test {

using Moment = std::size_t;
inline constexpr Moment never = std::numeric_limits<Moment>::max();

struct Ledger {
  struct Entry {
    std::string data;        // unique in the ledger
    Position end;            // once written
    Moment began = 0;        // from here on it may be found,
    Moment durable = never;  // from here on it must be,
    Moment may_go = never;   // from here on it need not be,
    Moment gone = never;     // from here on it must not be
    bool written = false;    // the log said ok
    bool refused = false;    // the log said that nothing was changed
  };
  struct Saved {
    Cursor cursor;  // `user` is unique
    Moment began = 0;
    Moment durable = never;
  };

  std::vector<Entry> entries;  // in the order of the calls
  std::vector<Saved> cursors;

  // What is wrong with these entries, read after a power cut at `cut`: one that must be there is
  // missing, one is there that must not be, or the order differs. Empty: nothing.
  [[nodiscard]] std::optional<std::string> contradiction(const std::vector<std::string>& found,
                                                         Moment cut) const;
  [[nodiscard]] std::optional<std::string> contradiction(const CursorFound& found,
                                                         Moment cut) const;
  // Number of things promised at the moment: two cuts that leave the same disk and the same number
  // need one look.
  [[nodiscard]] std::size_t promises(Moment cut) const;
  // The furthest position that was ever given out for an entry then.
  [[nodiscard]] Position furthest(Moment cut) const;
};

// The data of the ledger's n-th entry: its number, filled to `bytes`.
[[nodiscard]] std::string numbered(std::size_t number, std::size_t bytes);
// The number in such data, for Options::ordinal_of; counts from 1.
[[nodiscard]] std::optional<std::uint64_t> number_of(std::string_view data);

}  // namespace rebuf::test
