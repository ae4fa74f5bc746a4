// A segmented write-ahead log: one directory of files rebuf-0, rebuf-1, … and the active rebuf.tmp,
// in the format of the Go library github.com/stym06/rebuf (docs/wal_format.md). One Log object owns
// the directory (flock); any thread may call anything; reading runs beside writing and blocks
// nobody.
//
// When write, write_batch or append's completion says ok, the entries survive
//
//                   SIGKILL   a power cut
//     every_write   yes       yes
//     interval      yes       yes, but for those of the last fsync_time
//     manual        yes       once sync() has returned
//
// A failed sync is final: the kernel may have dropped the pages. From then on every write and sync
// fails with Code::sync_failed, replay still gives what was durable, stats().failure says so; only
// opening again helps. Code::full (no space, or OnFull::refuse) is ordinary: nothing was changed,
// and writing works again when there is space. A crash at any moment loses nothing that was
// acknowledged; what opening does after one is in docs/wal_format.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "rebuf/cursor.h"
#include "rebuf/options.h"
#include "rebuf/position.h"
#include "rebuf/reader.h"
#include "rebuf/status.h"

namespace rebuf {

struct Stats {
  Status failure;              // not ok: a sync failed, the log only reads
  std::uint64_t segments = 0;  // completed ones
  std::uint64_t bytes = 0;     // of all entries, framed, completed and active
  std::uint64_t active_bytes = 0;
  Position oldest;                    // of the first entry that stands (== end when empty)
  Position end;                       // behind the last written entry
  std::uint64_t entries_written = 0;  // by this object
  std::uint64_t commits = 0;
  std::uint64_t syncs = 0;
  std::uint64_t zero_entries_skipped = 0;
  std::uint64_t damaged_bytes = 0;         // found by open and reading, each place once
  std::uint64_t quarantined_bytes = 0;     // of those, copied to quarantine
  std::vector<std::string> foreign_files;  // left alone
};

class Log {
 public:
  // Opens or creates `dir` (parents must exist) and the state directory. Both, and every file that
  // open made, are durable when it returns. Reads the active segment, the last entry and the
  // listing, not the backlog. Errors: locked, io (EIO on the active file, or on the cursor when no
  // segment tells the numbers, is not repaired: nothing is changed), invalid_argument.
  [[nodiscard]] static Result<std::unique_ptr<Log>> open(const std::filesystem::path& dir,
                                                         Options options = {});

  virtual ~Log() = default;  // close(), its error ignored
  Log() = default;
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // Writes one entry (1 byte at least) and waits until it is as durable as the strategy promises.
  // Concurrent callers share one fdatasync. Errors: invalid_argument (empty), full, io,
  // sync_failed, closed.
  [[nodiscard]] virtual Status write(Bytes data) = 0;
  // All or none, consecutive, in one segment; one commit.
  [[nodiscard]] virtual Status write_batch(std::span<const Bytes> entries) = 0;
  // Queues a group (all or none, consecutive, in one segment) and returns; Options::on_appended
  // gets the tag when it is durable. The entries' bytes must stay unchanged until then. Groups
  // commit in the order of the calls. After one fails, all queued behind it fail with
  // Code::cancelled, and so does every later append until resume_appends(): so order and density
  // hold. Errors here (nothing was queued, on_appended is not called): invalid_argument, closed,
  // sync_failed, io (no memory to queue it in).
  [[nodiscard]] virtual Status append(std::span<const Bytes> entries, std::uint64_t tag) = 0;
  virtual void resume_appends() = 0;

  // Gives every entry that was committed when it began to `callback`, in order: completed segments
  // by number, then the active one. A callback that returns an error stops the replay, which
  // returns that error. Damage is passed over, counted, quarantined.
  [[nodiscard]] virtual Status replay(const std::function<Status(Bytes)>& callback) = 0;
  // The same without completed segments below `segment`; always includes the active one.
  [[nodiscard]] virtual Status replay_from(SegmentId segment,
                                           const std::function<Status(Bytes)>& callback) = 0;
  // A reader that begins at `from` and follows the tail.
  [[nodiscard]] virtual std::unique_ptr<Reader> reader(Position from) = 0;

  // Completes the active segment if it holds an entry, so that it can go by purge_through. Durable
  // when it returns. `end` of the completed segment stays a valid position. Ordered behind the
  // appends queued before it.
  [[nodiscard]] virtual Status seal() = 0;
  // Removes all entries; segment numbers go on. Durable when it returns.
  [[nodiscard]] virtual Status purge() = 0;
  // Removes completed segments up to `segment`, oldest first; durable when it returns. Ids that are
  // gone are fine; an id at or past the active one is invalid_argument and purges nothing.
  [[nodiscard]] virtual Status purge_through(SegmentId segment) = 0;

  // What was written before the call is on disk when it returns.
  [[nodiscard]] virtual Status sync() = 0;
  // Ends queued appends, syncs, releases the directory. Readers must be gone. Later calls fail with
  // closed.
  [[nodiscard]] virtual Status close() = 0;

  // Durable when it returns (temporary, fsync, rename, fsync of the directory). One caller at a
  // time. A cursor must be saved before the segments it passes are purged.
  [[nodiscard]] virtual Status save_cursor(const Cursor& cursor) = 0;
  [[nodiscard]] virtual const CursorFound& cursor_at_open() const = 0;
  // Options::ordinal_of of the last entry that stood at open; empty when there was none or it had
  // no ordinal. Where bad sectors end the log, the highest that may stand in them.
  [[nodiscard]] virtual std::optional<std::uint64_t> last_ordinal_at_open() const = 0;

  [[nodiscard]] virtual std::uint64_t segment_count() const = 0;  // completed segments
  [[nodiscard]] virtual std::uint64_t bytes() const = 0;          // as Stats::bytes; cheap
  [[nodiscard]] virtual std::uint64_t current_log_size()
      const = 0;  // bytes of entries in the active segment
  [[nodiscard]] virtual const std::filesystem::path& dir() const = 0;
  [[nodiscard]] virtual Stats stats() const = 0;
};

}  // namespace rebuf
