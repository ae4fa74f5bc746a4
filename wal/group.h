// What one call gives to the committer: entries that are written together, or a barrier behind
// them.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <span>
#include <vector>

#include "rebuf/options.h"
#include "rebuf/position.h"
#include "rebuf/status.h"
#include "wal/format.h"

namespace rebuf {

// An entry, framed: its header was made by the caller's thread, outside every lock.
struct Piece {
  HeaderBytes header{};
  Bytes data;
};

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

  // Asynchronous: `tag` for the completion, and the pieces, which a blocking caller keeps itself.
  bool async = false;
  bool cancelled = false;  // queued behind one that failed; guarded by the committer's mutex
  std::uint64_t tag = 0;
  std::vector<Piece> storage;

  // Blocking: how its caller waits. Guarded by the committer's mutex.
  bool done = false;
  bool leads = false;  // its caller is to commit what is queued
  std::condition_variable wake;
};

}  // namespace rebuf
