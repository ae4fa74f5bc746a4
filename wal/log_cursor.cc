// LogImpl: the durable cursor.
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "wal/cursor_check.h"
#include "wal/io.h"
#include "wal/log_impl.h"

namespace rebuf {

// Where segments stand, they tell which numbers are used, and a cursor that is lost costs
// duplicates. Where none stands, only the cursor knows; a disk that cannot be read now may be read
// later.
Status LogImpl::load_cursor(const LogListing& listing) {
  const auto loaded = cursor_store_.load();
  const bool unreadable = loaded.status().errno_value() == EIO;
  if (unreadable && listing.completed.empty()) return loaded.status();
  if (loaded && !loaded->unreadable) {
    cursor_record_ = loaded->record;
    return {};
  }
  cursor_found_.how = CursorFound::How::fell_back;
  cursor_found_.reason = loaded ? "the cursor file is damaged" : loaded.status().message();
  return {};
}

Status LogImpl::check_cursor() {
  cursor_store_.allocate_temporary();
  if (cursor_record_.cursor) {
    const CursorCheck check(fs_, dir_, segments_, options_.ordinal_of);
    cursor_found_ = check.judge(cursor_record_);
  }
  if (cursor_found_.how != CursorFound::How::exact) {
    if (!cursor_found_.reason.empty()) {
      say(LogLevel::warning,
          "cursor: " + cursor_found_.reason + "; going back to the oldest entry");
    }
    cursor_record_.cursor.reset();
    cursor_record_.before.reset();
    cursor_found_.cursor.position = segments_.oldest();
    return {};
  }
  // Past its segment's end (what it had passed was not synced, and is gone): without this, entries
  // that are written there next would count as done.
  const Position stored = cursor_record_.cursor->position;
  const Position found = cursor_found_.cursor.position;
  if (found.segment != stored.segment || found.offset == stored.offset) return {};
  if (last_ordinal_) cursor_found_.cursor.ordinal = *last_ordinal_ + 1;
  return save_cursor(cursor_found_.cursor);
}

Status LogImpl::save_cursor(const Cursor& cursor) {
  if (cursor.user.size() > CursorRecord::most_user_bytes) {
    return {Code::invalid_argument, "a cursor with more than 4096 bytes of user data"};
  }
  const std::lock_guard lock(cursor_mutex_);
  if (Status status = refusal(); !status) return status;
  CursorRecord record{cursor, entry_before(cursor), segments_.active().segment};
  if (Status status = cursor_store_.save(record); !status) return status;
  cursor_record_ = std::move(record);
  return {};
}

// Makes durable that the numbers up to the active one's are used. Takes cursor_mutex_.
Status LogImpl::keep_next_segment() {
  const std::lock_guard lock(cursor_mutex_);
  const SegmentId active = segments_.active().segment;
  if (cursor_record_.next_segment >= active) return {};
  CursorRecord record = cursor_record_;
  record.next_segment = active;
  if (Status status = cursor_store_.save(record); !status) return status;
  cursor_record_ = std::move(record);
  return {};
}

// The entry that ends at the cursor's position; empty when none does, or it cannot be read.
// cursor_mutex_ held.
std::optional<CursorRecord::Before> LogImpl::entry_before(const Cursor& cursor) {
  const Position position = cursor.position;
  if (position.offset == 0) return std::nullopt;
  const bool same_segment = walked_ && walked_->position.segment == position.segment;
  if (same_segment && walked_->position == position) return walked_->before;
  if (!same_segment || walked_->position > position) {
    std::shared_ptr<File> file = open_segment(fs_, dir_, segments_, position.segment);
    if (!file) return std::nullopt;
    walked_ = Walked{{position.segment, 0}, std::move(file)};
  }
  const auto known = cursor.entry_before;
  const bool nearer = known && *known > walked_->position && *known < position;
  std::optional<CursorRecord::Before> before;
  if (nearer) before = last_header(*walked_->file, known->offset, position.offset);
  if (!before) before = last_header(*walked_->file, walked_->position.offset, position.offset);
  walked_->position = position;
  walked_->before = before;
  return before;
}

}  // namespace rebuf
