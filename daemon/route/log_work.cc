#include "daemon/route/log_work.h"

#include <algorithm>

namespace rebuf::daemon {
namespace {

constexpr std::size_t read_bytes = 1U << 20;

// The ordinal of the first entry at or behind `to`, where the segment that begins at `from` ends.
Result<std::optional<std::uint64_t>> ordinal_behind(Log& log, Position from, Position to) {
  const auto behind = log.reader(to);
  auto first = behind->next(1);
  while (first.ok() && first->entries.empty() && !first->at_end) first = behind->next(1);
  if (!first) return first.status();
  if (!first->entries.empty()) return ordinal_of(first->entries.front().data);
  // Nothing stands there yet: one more than the last before it.
  std::optional<std::uint64_t> last;
  const auto reader = log.reader(from);
  while (reader->position() < to) {
    const auto block = reader->next(read_bytes);
    if (!block) return block.status();
    for (const EntryRef& entry : block->entries)
      if (entry.begin < to) last = ordinal_of(entry.data);
    if (block->at_end) break;
  }
  return last ? std::optional(*last + 1) : std::nullopt;
}

// Makes the cursor pass everything up to the completed segment `last`, and removes that.
Result<Dropped> drop_through(Log& log, SegmentId last, const std::function<Cursor()>& cursor_now) {
  Dropped dropped;
  dropped.to = Position{last + 1, 0};
  const Position oldest = log.stats().oldest;
  auto ordinal = ordinal_behind(log, Position{last, 0}, dropped.to);
  if (ordinal.ok() && !*ordinal && oldest.segment < last)  // all of that one is damaged
    ordinal = ordinal_behind(log, oldest, dropped.to);
  // Behind a bad sector it is not known. What goes is counted when what stands there is read.
  if (ordinal.ok()) dropped.ordinal = *ordinal;
  Cursor cursor = cursor_now();
  if (cursor.position < dropped.to) {
    cursor.position = dropped.to;
    cursor.ordinal = dropped.ordinal.value_or(0);
  }
  if (Status status = log.save_cursor(cursor); !status.ok()) return status;
  if (Status status = log.purge_through(last); !status.ok()) return status;
  return dropped;
}

}  // namespace

Recovered find_backlog(Log& log) {
  const CursorFound& cursor = log.cursor_at_open();
  const std::optional<std::uint64_t> last = log.last_ordinal_at_open();
  const Stats stats = log.stats();
  Recovered found;
  found.position = cursor.cursor.position;
  found.log_bytes = stats.bytes;
  found.next_ordinal = last ? *last + 1 : first_ordinal;
  if (cursor.how == CursorFound::How::exact && cursor.cursor.ordinal > 0) {
    found.ordinal = cursor.cursor.ordinal;
    found.next_ordinal = std::max(found.next_ordinal, cursor.cursor.ordinal);
  }
  const std::uint64_t before =
      stats.oldest.segment == found.position.segment ? found.position.offset : 0;
  const std::uint64_t bytes = stats.bytes > before ? stats.bytes - before : 0;

  const auto reader = log.reader(found.position);
  auto block = reader->next(1);
  while (block.ok() && block->entries.empty() && !block->at_end) block = reader->next(1);  // damage
  if (!block) {  // the worker's reader has the patience for it
    found.bytes = bytes;
    found.uncounted = !found.ordinal || !last || *found.ordinal > *last;
    if (!found.uncounted) found.messages = *last + 1 - *found.ordinal;
    return found;
  }
  if (block->entries.empty()) {
    found.ordinal = found.next_ordinal;
    return found;
  }
  found.bytes = bytes;

  const auto first = daemon::ordinal_of(block->entries.front().data);
  if (const auto envelope = decode(block->entries.front().data))
    found.oldest_arrival_ms = envelope->arrival_ms;
  if (first && last && *first <= *last) {
    if (!found.ordinal || *found.ordinal > *first) found.ordinal = first;
    found.messages = *last + 1 - *found.ordinal;
    return found;
  }
  found.ordinal.reset();
  for (;; block = reader->next(read_bytes)) {
    found.uncounted = !block.ok();
    if (!block) return found;
    for (const EntryRef& entry : block->entries) {
      ++found.messages;
      if (const auto ordinal = daemon::ordinal_of(entry.data))
        found.next_ordinal = std::max(found.next_ordinal, *ordinal + 1);
    }
    if (block->at_end) return found;
  }
}

Housekept housekeep(Log& log, const HousekeepingWork& work) {
  Housekept done;
  if (work.save) done.status = log.save_cursor(*work.save);
  if (done.status.ok() && work.seal) {
    done.status = log.seal();
    if (done.status.ok()) done.active = log.stats().end.segment;
  }
  if (done.status.ok() && work.purge_through) done.status = log.purge_through(*work.purge_through);
  return done;
}

Result<Dropped> drop_oldest_segment(Log& log, const std::function<Cursor()>& cursor_now) {
  if (log.segment_count() == 0)
    if (Status status = log.seal(); !status.ok()) return status;
  if (log.segment_count() == 0)
    return Status{Code::full, "nothing is left in the log that could be dropped",
                  log.dir().string()};
  return drop_through(log, log.stats().oldest.segment, cursor_now);
}

Result<Dropped> purge_segments(Log& log, std::optional<SegmentId> through,
                               const std::function<Cursor()>& cursor_now) {
  if (!through)
    if (Status status = log.seal(); !status.ok()) return status;
  const SegmentId active = log.stats().end.segment;
  if (through && *through >= active)
    return Status{Code::invalid_argument,
                  "segment " + std::to_string(*through) + " is not completed", log.dir().string()};
  if (log.segment_count() == 0) return Dropped{};
  return drop_through(log, through.value_or(active - 1), cursor_now);
}

}  // namespace rebuf::daemon
