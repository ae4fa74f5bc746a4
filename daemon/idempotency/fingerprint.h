// What makes two requests with one Idempotency-Key the same request: a hash of all that decides
// which messages they are. A pure function.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace rebuf::daemon::idempotency {

// The first half of a SHA-256: nobody finds two bodies with one fingerprint.
using Fingerprint = std::array<std::uint8_t, 16>;

// Of the parts in their order; where one ends and the next begins counts.
[[nodiscard]] Fingerprint fingerprint_of(std::span<const std::string_view> parts);

}  // namespace rebuf::daemon::idempotency
