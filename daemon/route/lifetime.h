// Totals over restarts, and which ordinals have no believable time: kept in the cursor's `user`
// bytes, so that they are saved with it and in one piece.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "daemon/route.h"

namespace rebuf::daemon {

struct Lifetime {
  Totals totals;
  std::uint64_t waiting = 0;         // accepted and neither done nor dropped when this was saved
  bool exact = true;                 // no process died between two saves
  bool clean = false;                // saved by an orderly stop: nothing came after it
  std::uint64_t undated_before = 0;  // as Core::undated_before
};

[[nodiscard]] std::vector<std::byte> encode(const Lifetime& lifetime);
[[nodiscard]] std::optional<Lifetime> decode_lifetime(std::span<const std::byte> bytes);
// What a new process, which found `found` messages in the log and counts them as recovered, adds
// its own totals to: what waited and was found again counts once, what was not found is dropped.
[[nodiscard]] Totals continued(const Lifetime& before, std::uint64_t found);
[[nodiscard]] Totals sum(const Totals& a, const Totals& b);

}  // namespace rebuf::daemon
