// What must hold when a log is opened after anything, against the ledger of what was promised.
#pragma once

#include <optional>
#include <string>

#include "tests/wal/sim/session.h"

namespace rebuf::test {

// Opens the log on a copy of this disk, replays, writes on, opens again, and says what breaks a
// promise of the ledger at that moment: loss, invention, order, a cursor that went back, a position
// given out twice, an entry that was replayed once and then not.
[[nodiscard]] std::optional<std::string> contradiction(const Disk& disk, const Options& options,
                                                       const Ledger& ledger, Moment cut);

struct Search {
  std::size_t moments = 0;  // at which the power was cut
  std::size_t states = 0;   // different disks that were opened
  std::size_t again = 0;    // of these, left by a second cut
  std::optional<std::string> found;
};

// Cuts the power after every change of the journal, in every way, and looks for a contradiction;
// stops at the first. Then, in each state, cuts it again while the log opens.
[[nodiscard]] Search search_power_cuts(const SimFileSystem& fs, const Options& options,
                                       const Ledger& ledger);

}  // namespace rebuf::test
