// Totals over restarts: kept in the cursor's `user` bytes, so that they are saved with it and in
// one piece.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "daemon/route.h"

namespace rebuf::daemon {

struct Lifetime {
  Totals totals;
  bool exact = true;   // no process died between two saves
  bool clean = false;  // saved by an orderly stop: nothing came after it
};

[[nodiscard]] std::vector<std::byte> encode(const Lifetime& lifetime);
[[nodiscard]] std::optional<Lifetime> decode_lifetime(std::span<const std::byte> bytes);
[[nodiscard]] Totals sum(const Totals& a, const Totals& b);

}  // namespace rebuf::daemon
