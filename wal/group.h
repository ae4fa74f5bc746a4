// What one call gives to the committer: entries that are written together, or a barrier behind
// them.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "rebuf/options.h"
#include "rebuf/position.h"
#include "rebuf/status.h"
#include "wal/frames.h"

namespace rebuf {

struct Group {
  enum class Kind : std::uint8_t {
    entries,
    sync,       // what stands before it is durable
    seal,       // the active segment is completed, within the retention rules
    seal_last,  // the same, whatever the retention rules say: a purge follows
  };
  Kind kind = Kind::entries;
  std::span<const Piece> pieces;
  std::uint64_t bytes = 0;  // framed

  // The outcome.
  Status status;
  Position first;  // of the first entry; a barrier's: the log's end behind it

  // Asynchronous: `tag` for the completion, and the frames, which a blocking caller keeps itself.
  bool async = false;
  bool cancelled = false;  // queued behind one that failed; guarded by the committer's mutex
  std::uint64_t tag = 0;
  Frames frames{{}};

  // Blocking: its caller waits in this room of the committer's until it is done. From then on the
  // group is the caller's again.
  bool waits = false;
  std::size_t room = 0;
  std::atomic<bool> done = false;
};

}  // namespace rebuf
