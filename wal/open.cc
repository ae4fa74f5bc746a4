// Opening after anything: what is on disk is found out, never assumed. docs/wal_format.md says what
// each state of the directory becomes.
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "wal/format.h"
#include "wal/io.h"
#include "wal/log_impl.h"
#include "wal/names.h"
#include "wal/patched_file.h"
#include "wal/places.h"

namespace rebuf {

namespace {

// Then reading gives what the disk has, not what the page cache believes: an earlier sync may have
// failed and left its pages clean.
int sync_and_forget(File& file) {
  const int error = fdatasync(file);
  if (error == 0)
    ignore(file.advise(0, 0, POSIX_FADV_DONTNEED), "a file system without a page cache");
  return error;
}

}  // namespace

Result<std::unique_ptr<Log>> Log::open(const std::filesystem::path& dir, Options options) {
  auto log = std::make_unique<LogImpl>(dir, std::move(options));
  if (Status status = log->start(); !status) return status;
  return std::unique_ptr<Log>(std::move(log));
}

LogImpl::LogImpl(const std::filesystem::path& dir, Options options)
    : dir_(without_trailing_slash(dir)),
      options_(filled_in(std::move(options), dir_)),
      fs_(options_.file_system != nullptr ? *options_.file_system : FileSystem::real()),
      quarantine_(fs_, options_.state_dir, options_.max_quarantine_bytes),
      damage_(quarantine_, options_.logger),
      cursor_store_(fs_, options_.state_dir) {}

Status LogImpl::start() {
  if (Status status = check_options(); !status) return status;
  if (Status status = make_directories(); !status) return status;
  auto locked = lock_directory(fs_, dir_);
  if (!locked) return locked.status();
  directory_ = std::move(*locked);
  Result<LogListing> listing = list_log(fs_, dir_);
  if (!listing) return listing.status();
  foreign_files_ = listing->foreign;
  for (const std::string& name : foreign_files_) say(LogLevel::warning, "not ours: " + name);

  if (Status status = load_cursor(*listing); !status) return status;
  const SegmentId active = std::max(listing->next_segment, cursor_record_.next_segment);
  if (Status status = sync_newest(*listing); !status) return status;
  if (Status status = recover_active(*listing, active); !status) return status;
  // Also of what a killed process left: nothing is acknowledged on a name that is not durable.
  if (const int error = fsync(*directory_); error != 0) {
    return io_error("fsync directory", dir_, error);
  }
  if (Status status = check_cursor(); !status) return status;
  committer_ = std::make_unique<Committer>(dir_, options_, segments_, *writer_,
                                           [this](const Status& status) { on_failed(status); });
  if (options_.sync_strategy != SyncStrategy::interval) return {};
  try {
    interval_sync_ = std::make_unique<IntervalSync>(options_.fsync_time, [this] {
      ignore(committer_->sync_in_background(), "told by on_failed");
    });
  } catch (const std::system_error& error) {
    return {Code::io, "start the sync thread", {}, error.code().value()};
  }
  return {};
}

Status LogImpl::check_options() const {
  const auto wrong = [&](const char* what) {
    return Status{Code::invalid_argument, what, dir_.string()};
  };
  if (dir_.empty()) return wrong("the directory's name is empty");
  if (options_.max_log_size <= header_bytes) return wrong("max_log_size must be above 12");
  if (options_.max_segments == 0) return wrong("max_segments must be 1 at least");
  if (options_.sync_strategy == SyncStrategy::interval && options_.fsync_time.count() <= 0) {
    return wrong("fsync_time must be above 0");
  }
  return {};
}

Status LogImpl::make_directories() {
  if (Status status = make_directory(fs_, dir_); !status) return status;
  return make_directory(fs_, options_.state_dir);
}

// A process that did not sync each write may have been killed: what it completed last may not be on
// disk yet.
Status LogImpl::sync_newest(const LogListing& listing) {
  std::size_t synced = 0;
  for (auto it = listing.completed.rbegin();
       it != listing.completed.rend() && synced < most_unsynced_segments; ++it, ++synced) {
    const auto opened = open_file(fs_, segment_path(it->first), O_RDONLY);
    if (opened.error != 0) return io_error("open", segment_path(it->first), opened.error);
    if (const int error = sync_and_forget(*opened.file); error != 0) {
      return io_error("fdatasync", segment_path(it->first), error);
    }
  }
  return {};
}

Status LogImpl::recover_active(const LogListing& listing, SegmentId active) {
  if (!listing.active_bytes) {
    segments_.start(listing.completed, active, nullptr, 0);
    find_last_ordinal();
    return begin_writing(false);
  }
  const std::filesystem::path path = dir_ / active_name;
  auto opened = open_file(fs_, path, O_RDWR);
  if (opened.error != 0) return io_error("open", path, opened.error);
  std::shared_ptr<File> file = std::move(opened.file);
  if (const int error = sync_and_forget(*file); error != 0) {
    return io_error("fdatasync", path, error);
  }
  return adopt_active(std::move(file), active, listing);
}

Status LogImpl::adopt_active(std::shared_ptr<File> file, SegmentId active,
                             const LogListing& listing) {
  const std::filesystem::path path = dir_ / active_name;
  const std::int64_t size = file->size();
  if (size < 0) return io_error("fstat", path, size);
  const auto bytes = static_cast<std::uint64_t>(size);
  Result<SurveyedFile> found = survey(*file, active, bytes, options_.ordinal_of);
  if (!found) return io_error("read", path, -found.status().errno_value());
  for (const auto& zeros : found->zero_entries) damage_.add_zero_entries(zeros.at, zeros.entries);
  for (const Damage& damage : found->damages) {
    ignore(damage_.add(damage, *file), "told to the logger; the bytes stay where they are");
  }
  if (found->entries > 0) last_ordinal_ = found->ordinal;
  const bool tail_stays = found->tail && !damage_.add(*found->tail, *file).ok();
  std::uint64_t end = found->end;
  if (tail_stays) {
    end = bytes;
  } else if (end < bytes) {
    if (const int error = ftruncate(*file, end); error != 0) {
      return io_error("ftruncate", path, error);
    }
    if (const int error = fdatasync(*file); error != 0) return io_error("fdatasync", path, error);
  }
  segments_.start(listing.completed, active, std::move(file), end);
  if (found->entries == 0) find_last_ordinal();
  return begin_writing(tail_stays || !found->damages.empty());
}

// Nothing is appended to a file whose tail could not be copied and stays, to one whose sync failed
// once, and to one with damage in its middle: what its broken bytes are taken for has to do with
// where it ends.
Status LogImpl::begin_writing(bool seal_first) {
  writer_ = std::make_unique<Writer>(fs_, dir_, *directory_, options_, segments_);
  const bool marked = open_file(fs_, failure_mark(), O_RDONLY).error == 0;
  if (seal_first || marked) {
    if (Status status = writer_->seal(Writer::Retention::ignored); !status) return status;
  }
  Status begun = writer_->begin();
  if (!begun && begun.code() != Code::full) return begun;
  if (!begun) say(LogLevel::warning, "no space for the active segment yet: " + begun.message());
  if (marked) fs_.unlink(failure_mark());
  return {};
}

// The active segment holds no entry: the last one stands in the last completed segment that does.
// Bad sectors are not waited for. They may be read again one day, so the numbers of as many entries
// as fit into them are not used again.
void LogImpl::find_last_ordinal() {
  if (!options_.ordinal_of) return;
  std::uint64_t unreadable = 0;  // bytes, behind the last entry that can be read
  const std::vector<SegmentId> ids = segments_.below(max_segment_id);
  for (auto id = ids.rbegin(); id != ids.rend(); ++id) {
    const std::uint64_t bytes = segments_.place({*id, 0}).limit;
    const std::shared_ptr<File> file = open_file(fs_, segment_path(*id), O_RDONLY).file;
    Result<SurveyedFile> found = SurveyedFile{};
    bool sound = false;
    if (file) {
      found = survey(*file, *id, bytes, options_.ordinal_of);
      sound = found.ok();
      if (!sound) {
        PatchedFile around(file);
        found = survey(around, *id, bytes, options_.ordinal_of);
      }
    }
    const bool has_entries = found && found->entries > 0;
    if (!sound) unreadable += bytes - (has_entries ? found->end : 0);
    if (!has_entries) continue;
    last_ordinal_ = found->ordinal;
    break;
  }
  if (unreadable == 0) return;
  if (const auto& cursor = cursor_record_.cursor; cursor && cursor->ordinal > 0) {
    last_ordinal_ = std::max(last_ordinal_.value_or(0), cursor->ordinal - 1);
  }
  if (last_ordinal_) *last_ordinal_ += unreadable / smallest_entry_bytes;
}

}  // namespace rebuf
