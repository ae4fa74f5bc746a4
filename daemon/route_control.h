// What an operator may ask of a route: rebufctl route pause|resume|catch-up|purge. Any thread; a
// call waits until it is done, for some seconds at most.
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
};

}  // namespace rebuf::daemon
