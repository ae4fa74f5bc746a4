#include "wal/writer.h"

#include <fcntl.h>

#include <algorithm>
#include <string>
#include <utility>

#include "wal/io.h"
#include "wal/names.h"

namespace rebuf {

Writer::Writer(FileSystem& fs, const std::filesystem::path& dir, File& directory,
               const Options& options, SegmentSet& segments)
    : fs_(fs),
      dir_(dir),
      active_path_(dir / active_name),
      directory_(directory),
      options_(options),
      segments_(segments) {
  const SegmentSet::Place active = segments_.active();
  file_ = active.file;
  id_ = active.segment;
  end_ = allocated_ = active.limit;
}

Writer::Outcome Writer::commit(std::span<const Group> groups, std::span<const Piece> pieces) {
  Outcome outcome;
  const std::uint64_t least = groups.front().bytes;
  if (!file_ || tail_is_dirty_ || !fits(least)) {
    outcome.failed = prepare(least);
    if (!outcome.failed) return outcome;
  }
  from_front(groups, std::max(options_.max_log_size - end_, least), outcome);
  if (options_.preallocate > 0) allocate_ahead(outcome.bytes);
  const auto [written, error] = write_pieces(pieces.first(outcome.entries));
  if (error != 0) {
    from_front(groups, written, outcome);
    outcome.failed = io_error("write", active_path_, error);
  }
  outcome.first = {id_, end_};
  end_ += outcome.bytes;
  allocated_ = std::max(allocated_, end_);
  if (error != 0) cut_back();
  if (outcome.groups == 0) return outcome;
  if (options_.sync_strategy == SyncStrategy::every_write) {
    segments_.set_written(end_);
    const auto begun = std::chrono::steady_clock::now();
    outcome.status = sync();
    outcome.sync_time = std::chrono::steady_clock::now() - begun;
    if (!outcome.status) return outcome;
  }
  segments_.set_committed(end_);
  return outcome;
}

// As many whole groups as have `most_bytes` together.
void Writer::from_front(std::span<const Group> groups, std::uint64_t most_bytes, Outcome& outcome) {
  outcome.groups = outcome.entries = outcome.bytes = 0;
  for (const Group& group : groups) {
    if (group.bytes > most_bytes - outcome.bytes) break;
    ++outcome.groups;
    outcome.entries += group.entries;
    outcome.bytes += group.bytes;
  }
}

Status Writer::prepare(std::uint64_t bytes) {
  if (tail_is_dirty_) {
    cut_back();
    if (tail_is_dirty_) return {Code::io, "cut back after a failed write", active_path_.string()};
  }
  if (end_ > 0 && !fits(bytes)) {
    if (Status status = rotate(); !status) return status;
  }
  return file_ ? Status{} : begin();
}

// Bytes written from the front, and the error that ended it early.
WrittenBytes Writer::write_pieces(std::span<const Piece> pieces) {
  WrittenBytes total;
  while (!pieces.empty() && total.error == 0) {
    pieces = pieces.subspan(gather_.fill(pieces));
    const WrittenBytes written = write_at(*file_, gather_.vectors(), end_ + total.bytes);
    total.bytes += written.bytes;
    total.error = written.error;
  }
  return total;
}

void Writer::cut_back() {
  const int error = ftruncate(*file_, end_);
  tail_is_dirty_ = error != 0;
  if (!tail_is_dirty_) allocated_ = end_;
}

// Best effort: without it the write itself finds out whether there is space.
void Writer::allocate_ahead(std::uint64_t bytes) {
  const std::uint64_t needed = end_ + bytes;
  if (needed <= allocated_) return;
  const std::uint64_t most = std::max(options_.max_log_size, needed);
  const std::uint64_t ahead =
      options_.preallocate < most - needed ? options_.preallocate : most - needed;
  const std::uint64_t target = needed + ahead;
  if (file_->fallocate(allocated_, target - allocated_) == 0) {
    allocated_ = target;
    return;
  }
  const std::int64_t size = file_->size();
  if (size > 0) allocated_ = std::max(allocated_, static_cast<std::uint64_t>(size));
}

Status Writer::sync() { return sync_all(segments_, dir_); }

Status sync_all(SegmentSet& segments, const std::filesystem::path& dir) {
  const SegmentSet::Unsynced unsynced = segments.unsynced();
  for (const std::shared_ptr<File>& file : unsynced.files) {
    if (Status status = sync_in_turn(*file, segments, dir); !status) return status;
  }
  segments.set_durable(unsynced.end);
  return {};
}

Status sync_in_turn(File& file, SegmentSet& segments, const std::filesystem::path& path) {
  const std::lock_guard turn(segments.sync_turn());
  const int error = segments.retreated() ? -EIO : fdatasync(file);
  if (error == 0) return {};
  segments.retreat_to_durable();
  return {Code::sync_failed, "fdatasync", path.string(), -error};
}

Status Writer::finish() {
  if (Status status = sync(); !status) return status;
  return file_ ? trim() : Status{};
}

}  // namespace rebuf
