// Reading a log in order, block by block, beside its writers.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "rebuf/options.h"
#include "rebuf/position.h"
#include "rebuf/status.h"

namespace rebuf {

// An entry where it stands in a block's memory.
struct EntryRef {
  Position begin;  // of its header
  Position end;    // of the next entry, in the same segment
  Bytes data;      // valid as long as the Block (or a copy of Block::memory) lives
};

// Bytes that are not entries. They are copied to quarantine (bounded) and passed over.
struct Damage {
  Position begin;
  std::uint64_t length = 0;
  std::string reason;  // "bad CRC", "size beyond the segment", "zero bytes", "segment missing", …
};

// What one read gave. Entries in log order; damages in log order too, by position.
struct Block {
  std::shared_ptr<const void> memory;  // keeps the entries' bytes alive
  std::vector<EntryRef> entries;
  std::vector<Damage> damages;
  Position next;        // where the following read begins
  bool at_end = false;  // nothing committed stands behind `next` now
};

// Follows the log from a position on. Made by Log::reader(); owned by one thread at a time; must
// not outlive its Log. Sees what was committed by the sync strategy's meaning (synced; written, for
// interval and manual). Purging never cuts a block in half: a segment that is purged under the
// reader is read to its end or passed over whole (a Damage is not reported for it).
class Reader {
 public:
  virtual ~Reader() = default;
  Reader() = default;
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  // At most about `max_bytes` (one entry at least, however large). An empty block with at_end at
  // the tail. Errors: io (nothing was consumed; the same call may be tried again).
  [[nodiscard]] virtual Result<Block> next(std::size_t max_bytes) = 0;
  // Waits until something is committed behind the current position, the timeout, or close(). True:
  // there is something.
  [[nodiscard]] virtual bool wait(std::chrono::milliseconds timeout) = 0;
  // Moves to a position that an EntryRef, a Block or a Cursor gave.
  virtual void seek(Position to) = 0;
  [[nodiscard]] virtual Position position() const = 0;
};

}  // namespace rebuf
