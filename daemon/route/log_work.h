// What a route does with its log while it does not hold its lock: on any Log, so that the
// simulation in tests/daemon/route does the very same, with crashes in between. Called by the
// route's worker thread (find_backlog: before there is one).
#pragma once

#include <functional>
#include <optional>

#include "daemon/route/core.h"
#include "rebuf/log.h"

namespace rebuf::daemon {

// How much waits behind the cursor of a log that was just opened. Ordinals tell without reading the
// backlog; only entries of a Go writer have to be counted. Bad sectors stop nothing: whoever drains
// waits for them, and then reads around them.
[[nodiscard]] Recovered find_backlog(Log& log);

struct Housekept {
  Status status;
  std::optional<SegmentId> active;  // the active segment's number after a seal
};
// Each step is durable before the next begins: a segment goes only behind a saved cursor.
[[nodiscard]] Housekept housekeep(Log& log, const HousekeepingWork& work);

struct Dropped {
  Position to;                           // what was before it is gone
  std::optional<std::uint64_t> ordinal;  // of the first entry behind it, written or to be written
};
// Makes the cursor pass the oldest segment, durably, and then removes it. `cursor_now` gives what
// the cursor would be without that, with its `user` bytes. Errors: full (there is nothing that
// could go), as Log::seal, save_cursor and purge_through.
[[nodiscard]] Result<Dropped> drop_oldest_segment(Log& log,
                                                  const std::function<Cursor()>& cursor_now);
// The same with every segment up to `through`; without it, with all that is committed now. Errors:
// invalid_argument (`through` is not completed), as Log::seal, save_cursor and purge_through.
[[nodiscard]] Result<Dropped> purge_segments(Log& log, std::optional<SegmentId> through,
                                             const std::function<Cursor()>& cursor_now);

}  // namespace rebuf::daemon
