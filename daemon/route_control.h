// What an operator may ask of a route: rebufctl route pause|resume|catch-up|purge, rebufctl dlq
// replay|purge. Any thread; a call waits until it is done, for some seconds at most.
#pragma once

#include <cstdint>
#include <optional>

#include "rebuf/position.h"
#include "rebuf/status.h"

namespace rebuf::daemon {

class RouteControl {
 public:
  virtual ~RouteControl() = default;
  RouteControl() = default;
  RouteControl(const RouteControl&) = delete;
  RouteControl& operator=(const RouteControl&) = delete;

  // Stops delivering, not accepting, until resume() or the end of the process.
  virtual void pause() = 0;
  // Also tries at once whatever waits for its next try: a failed log, full dead letters.
  virtual void resume() = 0;
  // Lifts the limits on the drain's rate until the backlog is delivered.
  virtual void catch_up() = 0;
  // Deletes the backlog up to a completed segment, or all of it; durable when it returns. How many
  // messages were dropped; what the sink holds is not among them. Errors: invalid_argument (no such
  // completed segment), closed (the route stops, or its worker is busy), as Log::purge_through.
  [[nodiscard]] virtual Result<std::uint64_t> purge(std::optional<SegmentId> through) = 0;

  struct Replayed {
    std::uint64_t messages = 0;    // that were put back
    std::uint64_t dead_again = 0;  // of these, refused again at once: they are letters anew
    std::uint64_t left = 0;        // letters that stand now
  };
  // Puts the oldest dead letters, a few hundred KiB of them, back into the route, behind what is
  // there. When it returns they are delivered, or durable in the log or anew in the dead letters,
  // and their old places are passed. A crash in between repeats them, with the same ids. Errors:
  // the route takes none now (the letters stay), locked (another replay is under way), as purge.
  [[nodiscard]] virtual Result<Replayed> replay_dead_letters() = 0;
  // Deletes all dead letters; how many there were. Durable when it returns.
  [[nodiscard]] virtual Result<std::uint64_t> purge_dead_letters() = 0;
};

}  // namespace rebuf::daemon
