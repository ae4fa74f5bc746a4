// What one call gives to the committer: entries that are written together, or a barrier behind
// them.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "rebuf/position.h"
#include "rebuf/status.h"

namespace rebuf {

struct Committed {
  Status status;
  Position position;  // of the first entry; a barrier's: the log's end behind it
};

// A caller that waits for its group.
struct Waiter {
  Committed outcome;
  std::size_t room = 0;            // of the committer's, where it waits until it is done
  std::atomic<bool> done = false;  // from then on the waiter is the caller's again
};

struct Group {
  enum class Kind : std::uint8_t {
    entries,
    sync,       // what stands before it is durable
    seal,       // the active segment is completed, within the retention rules
    seal_last,  // the same, whatever the retention rules say: a purge follows
  };
  Kind kind = Kind::entries;
  bool cancelled = false;    // asynchronous: queued behind one that failed
  std::size_t entries = 0;   // in number
  std::uint64_t bytes = 0;   // framed
  std::uint64_t tag = 0;     // asynchronous: for the completion
  Waiter* waiter = nullptr;  // null: asynchronous
};

}  // namespace rebuf
