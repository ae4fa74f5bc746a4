// buffer.max_age: which messages of the backlog are too old, by a wall clock that may be wrong.
//
// A message's age is the wall clock's time now less that at its arrival. It is not believed, and
// the message kept, when it arrived before this program was built (a host whose clock was not set
// yet), or when the clock has been stepped since.
#include <algorithm>

#include "daemon/route/core.h"

namespace rebuf::daemon {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// What arrived just before a step may be appended a while after it.
constexpr minutes step_shadow{1};

}  // namespace

void Core::look_at_wall_clock(std::int64_t wall_ms, Time now) {
  const auto& max_age = settings_.route.buffer.max_age;
  if (!max_age) return;
  const milliseconds offset =
      milliseconds(wall_ms) - duration_cast<milliseconds>(now.time_since_epoch());
  const milliseconds step =
      wall_offset_ ? std::chrono::abs(offset - *wall_offset_) : milliseconds{0};
  wall_offset_ = offset;
  expired_before_ms_ = wall_ms - max_age->count();
  dated_to_ = next_ordinal_;  // what comes now may come by another clock than this look saw
  if (step > std::max<milliseconds>(*max_age / 10, seconds(1))) {
    stepped_at_ = now;
    note_cursor_change();  // it is saved with the cursor
  } else if (stepped_at_ && now - *stepped_at_ > step_shadow) {
    undated_before_ = next_ordinal_;
    stepped_at_.reset();
    note_cursor_change();
  }
}

std::uint64_t Core::undated_before() const { return stepped_at_ ? next_ordinal_ : undated_before_; }

bool Core::is_expired(const Entry& entry) const {
  if (!settings_.route.buffer.max_age || entry.in_log != Entry::InLog::yes) return false;
  if (!entry.has_ordinal || entry.ordinal < undated_before() || entry.ordinal >= dated_to_)
    return false;
  const auto envelope = decode(entry.envelope);
  return envelope && envelope->arrival_ms >= settings_.built_at_ms &&
         envelope->arrival_ms < expired_before_ms_;
}

}  // namespace rebuf::daemon
