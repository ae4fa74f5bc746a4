#include "wal/reader_impl.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "wal/io.h"
#include "wal/names.h"
#include "wal/patched_file.h"

namespace rebuf {

ReaderImpl::ReaderImpl(const Source& source, Position from)
    : source_(source), blocks_(source.ordinal_of), at_(from) {}

Result<Block> ReaderImpl::next(std::size_t max_bytes) {
  Block block;
  if (Status status = next_into(block, max_bytes); !status) return status;
  return block;
}

Status ReaderImpl::next_into(Block& block, std::size_t max_bytes) {
  block.memory.reset();
  block.entries.clear();
  block.damages.clear();
  const Position begun = at_;
  Status status = fill(block, max_bytes);
  if (!status && block.damages.empty()) {
    at_ = begun;
    return status;
  }
  block.next = at_;
  block.at_end = status.ok() && !source_.segments.more_behind(at_);
  return {};
}

// Until there is an entry, or nothing more: damage alone is not worth a call.
Status ReaderImpl::fill(Block& block, std::size_t max_bytes) {
  while (block.entries.empty()) {
    const auto extent = locate(block);
    if (!extent) return extent.status();
    if (!*extent) return {};
    const std::size_t known = block.damages.size();
    const auto read = blocks_.read(*file_, **extent, max_bytes, block);
    if (!read) {
      if (read_around()) continue;
      const auto path = source_.dir / segment_name(segment_);
      return io_error("read", path, -read.status().errno_value());
    }
    source_.damage.can_be_read(at_);
    for (const Damage& damage : std::span(block.damages).subspan(known)) {
      ignore(source_.damage.add(damage, *file_), "told to the logger");
    }
    if (read->zero_entries > 0) source_.damage.add_zero_entries(at_, read->zero_entries);
    at_.offset = read->next;
  }
  return {};
}

// A bad sector may come back, so it is waited for; but not for ever.
bool ReaderImpl::read_around() {
  if (!complete_) return false;
  const auto failed_for = std::chrono::steady_clock::now() - source_.damage.failing_since(at_);
  const bool known = source_.damage.is_unreadable(segment_);
  if (!known && failed_for < source_.patience) return false;
  source_.damage.set_unreadable(segment_);
  file_ = std::make_shared<PatchedFile>(std::move(file_));
  return true;
}

// What is to be read next, with its file open; nothing at the tail.
Result<std::optional<Extent>> ReaderImpl::locate(Block& block) {
  for (;;) {
    if (bound_ && at_ >= *bound_) return std::optional<Extent>{};
    if (file_) {
      if (const auto extent = extent_in_file()) return std::optional<Extent>(extent);
      if (!complete_) return std::optional<Extent>{};
      leave_segment();
      continue;
    }
    const SegmentSet::Place place = source_.segments.place(at_);
    if (place.segment < at_.segment) return std::optional<Extent>{};  // the log is not there yet
    if (place.segment > at_.segment) {
      at_ = {place.segment, 0};
      blocks_.forget_neighbours();
      continue;
    }
    if (place.active && at_.offset >= place.limit) return std::optional<Extent>{};
    if (Status status = enter_segment(place, block); !status) return status;
  }
}

std::optional<Extent> ReaderImpl::extent_in_file() {
  if (at_.offset >= bounded(limit_) && !complete_) {
    const SegmentSet::Place place = source_.segments.place({segment_, 0});
    if (place.segment == segment_) {
      limit_ = place.limit;
      complete_ = !place.active;
    } else {
      // Completed and purged since; it was cut to its entries before.
      const std::int64_t size = file_->size();
      if (size > 0) limit_ = static_cast<std::uint64_t>(size);
      complete_ = true;
    }
  }
  const std::uint64_t limit = bounded(limit_);
  if (at_.offset >= limit) return std::nullopt;
  return Extent{segment_, at_.offset, limit};
}

std::uint64_t ReaderImpl::bounded(std::uint64_t limit) const {
  if (!bound_ || segment_ < bound_->segment) return limit;
  return std::min(limit, segment_ == bound_->segment ? bound_->offset : 0);
}

Status ReaderImpl::enter_segment(const SegmentSet::Place& place, Block& block) {
  segment_ = place.segment;
  limit_ = place.limit;
  complete_ = !place.active;
  if (place.active) {
    file_ = place.file;
    return {};
  }
  const std::filesystem::path path = source_.dir / segment_name(segment_);
  auto opened = open_file(source_.fs, path, O_RDONLY);
  if (opened.error == 0) {
    file_ = std::move(opened.file);
    ignore(file_->advise(0, 0, POSIX_FADV_SEQUENTIAL), "only slower");
    return {};
  }
  if (opened.error != -ENOENT) return io_error("open", path, opened.error);
  if (source_.segments.contains(segment_)) {
    pass_over({at_, limit_ - std::min(limit_, at_.offset), "segment missing"}, block);
  }
  at_ = {segment_ + 1, 0};
  blocks_.forget_neighbours();
  return {};
}

void ReaderImpl::pass_over(const Damage& damage, Block& block) {
  source_.damage.add_unreadable(damage);
  block.damages.push_back(damage);
}

// What was read once need not stay in the page cache; but the segment just left does: a cursor that
// is saved in it looks into it again. A replay may come again, so it leaves the cache alone.
void ReaderImpl::leave_segment() {
  file_.reset();
  if (!bound_) {
    if (left_) {
      const auto opened = open_file(source_.fs, source_.dir / segment_name(*left_), O_RDONLY);
      if (opened.file)
        ignore(opened.file->advise(0, 0, POSIX_FADV_DONTNEED), "only more of the page cache");
    }
    left_ = segment_;
  }
  at_ = {segment_ + 1, 0};
}

bool ReaderImpl::wait(std::chrono::milliseconds timeout) {
  return source_.segments.wait_for_more(at_, timeout);
}

void ReaderImpl::seek(Position to) {
  file_.reset();
  left_.reset();
  at_ = to;
  blocks_.forget_neighbours();
}

}  // namespace rebuf
