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

Writer::Outcome Writer::write(std::span<Group* const> groups) {
  if (Status status = prepare(groups.front()->bytes); !status) return {0, status};
  std::uint64_t bytes = groups.front()->bytes;
  std::size_t fitting = 1;
  while (fitting < groups.size() && groups[fitting]->bytes <= options_.max_log_size &&
         end_ + bytes <= options_.max_log_size - groups[fitting]->bytes) {
    bytes += groups[fitting++]->bytes;
  }
  allocate_ahead(bytes);

  const auto [written, error] = write_pieces(groups.first(fitting));
  Outcome outcome;
  std::uint64_t whole = 0;
  while (outcome.groups < fitting && whole + groups[outcome.groups]->bytes <= written) {
    groups[outcome.groups]->first = {id_, end_ + whole};
    whole += groups[outcome.groups++]->bytes;
  }
  end_ += whole;
  allocated_ = std::max(allocated_, end_);
  if (options_.sync_strategy == SyncStrategy::every_write) {
    segments_.set_written(end_);  // committed when it is synced
  } else {
    segments_.set_committed(end_);
  }
  if (error != 0) {
    outcome.failed = io_error("write", active_path_, error);
    cut_back();
  }
  return outcome;
}

Status Writer::prepare(std::uint64_t bytes) {
  if (tail_is_dirty_) {
    cut_back();
    if (tail_is_dirty_) return {Code::io, "cut back after a failed write", active_path_.string()};
  }
  const bool fits = bytes <= options_.max_log_size && end_ <= options_.max_log_size - bytes;
  if (end_ > 0 && !fits) {
    if (Status status = rotate(); !status) return status;
  }
  return file_ ? Status{} : begin();
}

// Bytes written from the front of the groups, and the error that ended it early.
WrittenBytes Writer::write_pieces(std::span<Group* const> groups) {
  WrittenBytes total;
  std::size_t group = 0;
  std::size_t piece = 0;
  while (group < groups.size() && total.error == 0) {
    gather_.clear();
    for (; group < groups.size(); ++group, piece = 0) {
      const std::span<const Piece> pieces = groups[group]->pieces;
      while (piece < pieces.size() && gather_.add(pieces[piece])) ++piece;
      if (piece < pieces.size()) break;  // it is full
    }
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
  if (options_.preallocate == 0 || needed <= allocated_) return;
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
    const int error = fdatasync(*file);
    if (error != 0) return {Code::sync_failed, "fdatasync", dir.string(), -error};
  }
  segments.set_durable(unsynced.end);
  return {};
}

Status Writer::finish() {
  if (Status status = sync(); !status) return status;
  return file_ ? trim() : Status{};
}

}  // namespace rebuf
