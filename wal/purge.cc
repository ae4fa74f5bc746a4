// LogImpl: removing segments. Outside the write path; oldest first, so that a crash leaves a
// suffix.
#include <cerrno>
#include <string>

#include "wal/io.h"
#include "wal/log_impl.h"

namespace rebuf {

Status LogImpl::purge() {
  const Result<Position> end = committer_->barrier(Group::Kind::seal_last);
  if (!end) return end.status();
  const std::lock_guard lock(purge_mutex_);
  if (Status status = refusal(); !status) return status;
  return remove_segments(segments_.below(end->segment));
}

Status LogImpl::purge_through(SegmentId segment) {
  const std::lock_guard lock(purge_mutex_);
  if (Status status = refusal(); !status) return status;
  if (segment >= segments_.active().segment) {
    return {Code::invalid_argument,
            "purge through " + std::to_string(segment) + ", which is not completed", dir_.string()};
  }
  return remove_segments(segments_.below(segment + 1));
}

Status LogImpl::remove_segments(const std::vector<SegmentId>& ids) {
  if (ids.empty()) return {};
  // The numbers must go on when no segment is left to tell them.
  if (Status status = keep_next_segment(); !status) return status;
  Status failed;
  for (const SegmentId id : ids) {
    const std::uint64_t bytes = segments_.take_out(id);
    const bool kept = damage_.is_unreadable(id) && quarantine_.take(segment_path(id), bytes);
    const int error = kept ? 0 : fs_.unlink(segment_path(id));
    if (error != 0 && error != -ENOENT) {
      segments_.put_back(id, bytes);
      failed = io_error("unlink", segment_path(id), error);
      break;
    }
    damage_.forget(id);
  }
  if (const int error = fsync(*directory_); error != 0 && failed.ok()) {
    failed = io_error("fsync directory", dir_, error);
  }
  return failed;
}

}  // namespace rebuf
