// Writer: completing the active segment and beginning the next one.
//
// Order: cut to the logical size, fdatasync, rename, create the next, fsync the directory. Nothing
// in the new file is acknowledged before the directory is durable, so after a crash at any moment
// there is at most one file that may end in the middle of an entry: rebuf.tmp. With interval and
// manual the fdatasync is left to the next sync, which then includes the completed segment.
#include <fcntl.h>

#include <cerrno>
#include <utility>

#include "wal/io.h"
#include "wal/names.h"
#include "wal/writer.h"

namespace rebuf {

Status Writer::seal(Retention retention) { return complete(retention, SyncFirst::yes); }

// Where writes are not synced, completing a segment need not be either; but see the bound.
Status Writer::rotate() {
  const bool promised = options_.sync_strategy == SyncStrategy::every_write;
  const bool must = promised || segments_.unsynced_completed() >= most_unsynced_segments;
  return complete(Retention::applies, must ? SyncFirst::yes : SyncFirst::no);
}

Status Writer::complete(Retention retention, SyncFirst sync_first) {
  if (end_ == 0) return {};
  if (retention == Retention::applies) {
    if (Status status = room_for_one_more(); !status) return status;
  }
  if (Status status = trim(); !status) return status;
  if (sync_first == SyncFirst::yes) {
    if (Status status = sync(); !status) return status;
  }
  if (Status status = rename_active(); !status) return status;
  Status begun = begin();  // makes the completed one's name durable too
  if (begun.code() == Code::sync_failed) return begun;
  if (!begun) {
    // Not an error of this call: the segment is completed, the next write begins the file.
    if (Status status = sync_names(); !status) return status;
  }
  if (retention == Retention::applies) drop_oldest();
  return {};
}

Status Writer::room_for_one_more() const {
  if (options_.on_full != OnFull::refuse) return {};
  if (segments_.completed_count() < options_.max_segments) return {};
  return {Code::full, "max_segments completed segments stand", dir_.string()};
}

Status Writer::rename_active() {
  const std::filesystem::path completed = dir_ / segment_name(id_);
  int error = fs_.rename_noreplace(active_path_, completed);
  while (error == -EINTR) error = fs_.rename_noreplace(active_path_, completed);
  if (error != 0) return io_error("rename to", completed, error);
  segments_.complete(end_);
  file_.reset();
  ++id_;
  end_ = allocated_ = 0;
  return {};
}

Status Writer::trim() {
  if (allocated_ == end_ && !tail_is_dirty_) return {};
  const int error = ftruncate(*file_, end_);
  if (error != 0) return io_error("ftruncate", active_path_, error);
  allocated_ = end_;
  tail_is_dirty_ = false;
  if (Status status = sync_in_turn(*file_, segments_, active_path_); !status) return status;
  // Durable is a prefix: completed segments before this one may still have to be synced.
  if (segments_.unsynced_completed() == 0) segments_.set_durable({id_, end_});
  return {};
}

Status Writer::begin() {
  if (file_) return {};
  auto opened = open_file(fs_, active_path_, O_RDWR | O_CREAT | O_EXCL);
  if (opened.error != 0) return io_error("create", active_path_, opened.error);
  if (Status status = sync_names(); !status) return status;
  file_ = std::move(opened.file);
  segments_.set_active_file(file_);
  return {};
}

Status Writer::sync_names() {
  const int error = fsync(directory_);
  if (error == 0) return {};
  return {Code::sync_failed, "fsync directory", dir_.string(), -error};
}

void Writer::drop_oldest() {
  if (options_.on_full != OnFull::drop_oldest) return;
  if (segments_.completed_count() <= options_.max_segments) return;
  while (segments_.completed_count() > options_.max_segments) {
    const std::optional<SegmentId> id = segments_.lowest();
    if (!id) break;  // purged meanwhile
    const std::uint64_t bytes = segments_.take_out(*id);
    const int error = fs_.unlink(dir_ / segment_name(*id));
    if (error != 0 && error != -ENOENT) {
      segments_.put_back(*id, bytes);  // the next rotation tries again
      break;
    }
  }
  ignore(sync_names(), "a dropped segment that comes back after a power cut is dropped again");
}

}  // namespace rebuf
