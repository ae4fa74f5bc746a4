#include "wal/log_impl.h"

#include <fcntl.h>

#include <utility>

#include "wal/io.h"
#include "wal/names.h"

namespace rebuf {

LogImpl::~LogImpl() { ignore(close(), "Log's destructor has nobody to tell"); }

Status LogImpl::write(Bytes data) {
  if (data.empty()) return empty_entry();
  return committer_->write(std::span(&data, 1));
}

Status LogImpl::write_batch(std::span<const Bytes> entries) {
  if (Status status = check_entries(entries); !status) return status;
  return committer_->write(entries);
}

Status LogImpl::append(std::span<const Bytes> entries, std::uint64_t tag) {
  if (Status status = check_entries(entries); !status) return status;
  return committer_->append(entries, tag);
}

Status LogImpl::check_entries(std::span<const Bytes> entries) const {
  if (entries.empty()) return {Code::invalid_argument, "no entries", dir_.string()};
  for (const Bytes data : entries) {
    if (data.empty()) return empty_entry();
  }
  return {};
}

Status LogImpl::empty_entry() const {
  return {Code::invalid_argument, "an empty entry", dir_.string()};
}

void LogImpl::resume_appends() { committer_->resume_appends(); }

Status LogImpl::seal() { return committer_->barrier(Group::Kind::seal).status(); }

Status LogImpl::sync() { return committer_->barrier(Group::Kind::sync).status(); }

Status LogImpl::close() {
  if (!committer_) return {};  // never opened
  Status status = committer_->close();
  const bool refused = status.code() == Code::closed || status.code() == Code::invalid_argument;
  if (refused) return status;
  interval_sync_.reset();
  closed_ = true;
  segments_.stop_waiting();
  const std::scoped_lock lock(purge_mutex_, cursor_mutex_);
  directory_.reset();
  return status;
}

Status LogImpl::refusal() const {
  return closed_ ? Status{Code::closed, "the log is closed", dir_.string()} : Status{};
}

std::uint64_t LogImpl::segment_count() const { return segments_.completed_count(); }

std::uint64_t LogImpl::bytes() const { return segments_.totals().bytes; }

std::uint64_t LogImpl::current_log_size() const { return segments_.totals().active_bytes; }

Stats LogImpl::stats() const {
  const SegmentSet::Totals totals = segments_.totals();
  const Committer::Counts counts = committer_->counts();
  const DamageRecord::Counts damage = damage_.counts();
  Stats stats;
  stats.failure = committer_->failure();
  stats.segments = totals.segments;
  stats.bytes = totals.bytes;
  stats.active_bytes = totals.active_bytes;
  stats.oldest = totals.oldest;
  stats.end = totals.end;
  stats.entries_written = counts.entries;
  stats.commits = counts.commits;
  stats.syncs = counts.syncs;
  stats.zero_entries_skipped = damage.zero_entries;
  stats.damaged_bytes = damage.damaged_bytes;
  stats.quarantined_bytes = damage.quarantined_bytes;
  stats.foreign_files = foreign_files_;
  return stats;
}

// Beside telling: a mark, so that whoever opens next does not append to that file. It matters only
// as long as the kernel lives, so it need not be durable itself.
void LogImpl::on_failed(const Status& status) {
  try {
    ignore(open_file(fs_, failure_mark(), O_WRONLY | O_CREAT),
           "opening then rests on the sync alone");
    say(LogLevel::error, status.message() + "; writing is over until the log is opened again");
  } catch (const std::bad_alloc&) {
    // Every call that writes says it, and stats().
  }
}

void LogImpl::say(LogLevel level, const std::string& text) const {
  if (options_.logger) options_.logger(level, text);
}

std::filesystem::path LogImpl::segment_path(SegmentId id) const { return dir_ / segment_name(id); }

std::filesystem::path LogImpl::failure_mark() const { return options_.state_dir / "sync_failed"; }

}  // namespace rebuf
