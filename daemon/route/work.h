// Slow work that the core wants done. The route's worker fetches it with Core::next_work, one piece
// at a time, does it without the lock and reports back with the core's event of the same name.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <variant>

#include "daemon/route/entry.h"
#include "rebuf/cursor.h"
#include "rebuf/position.h"

namespace rebuf::daemon {

struct ReadWork {
  Position from;
  std::size_t max_bytes = 0;
};
struct DeadLetterWork {
  const Entry* entry = nullptr;  // stays valid and unchanged until dead_lettered()
  std::string detail;
};
// In this order: save the cursor, complete the active segment, purge. The first error ends it.
struct HousekeepingWork {
  std::optional<Cursor> save;  // `user` is filled in by the worker
  bool seal = false;
  std::optional<SegmentId> purge_through;
};
struct DropOldestWork {};  // on_full: drop_oldest
struct ReopenLogWork {};
struct ProbeWork {};   // Channel::probe
struct RecallWork {};  // Channel::recall

using Work = std::variant<std::monostate, ReadWork, DeadLetterWork, HousekeepingWork,
                          DropOldestWork, ReopenLogWork, ProbeWork, RecallWork>;

}  // namespace rebuf::daemon
