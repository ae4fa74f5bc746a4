// repair(): every segment that holds damage is written again without it, the damage goes to
// quarantine first. A segment is replaced by one rename, so a crash leaves the old one or the new
// one; the same repair may simply run again. The cursor moves first: after a crash between the two
// it stands too early, and what is read again was delivered before.
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <utility>

#include "rebuf/verify.h"
#include "wal/cursor_store.h"
#include "wal/format.h"
#include "wal/io.h"
#include "wal/listing.h"
#include "wal/names.h"
#include "wal/places.h"
#include "wal/quarantine.h"
#include "wal/scan_file.h"

namespace rebuf {

namespace {

constexpr std::string_view temporary_name = "repair.tmp";

class Repair {
 public:
  Repair(const std::filesystem::path& dir, const Options& options)
      : dir_(without_trailing_slash(dir)),
        options_(filled_in(options, dir_)),
        fs_(options_.file_system != nullptr ? *options_.file_system : FileSystem::real()),
        quarantine_(fs_, options_.state_dir, options_.max_quarantine_bytes),
        cursor_store_(fs_, options_.state_dir),
        reader_(options_.ordinal_of) {}

  Result<VerifyReport> run();

 private:
  // Entries that stand side by side, where they were and where they are now.
  struct Run {
    std::uint64_t from = 0;
    std::uint64_t length = 0;
    std::uint64_t to = 0;
    [[nodiscard]] std::uint64_t end() const { return to + length; }
  };
  Status segment(SegmentId id, bool active);
  Status keep(const std::vector<Damage>& damages, File& file);
  Status replace(File& file, const SegmentReport& segment, const std::vector<Run>& runs);
  Status copy(File& file, const Run& run, File& to) const;
  Status move_cursor(SegmentId segment, const std::vector<Run>& runs);

  const std::filesystem::path dir_;
  const Options options_;
  FileSystem& fs_;
  Quarantine quarantine_;
  CursorStore cursor_store_;
  BlockReader reader_;
  std::unique_ptr<File> directory_;  // open and locked
  CursorRecord cursor_record_;
  VerifyReport report_;
};

Result<VerifyReport> Repair::run() {
  auto locked = lock_directory(fs_, dir_);
  if (!locked) return locked.status();
  directory_ = std::move(*locked);
  if (Status status = make_directory(fs_, options_.state_dir); !status) return status;
  const int left_over = fs_.unlink(dir_ / temporary_name);  // of a repair that was killed
  if (left_over != 0 && left_over != -ENOENT) {
    return io_error("unlink", dir_ / temporary_name, left_over);
  }
  const auto loaded = cursor_store_.load();
  if (!loaded) return loaded.status();
  cursor_record_ = loaded->record;
  const auto listing = list_log(fs_, dir_);
  if (!listing) return listing.status();
  report_.foreign_files = listing->foreign;
  for (const auto& [id, bytes] : listing->completed) {
    if (Status status = segment(id, false); !status) return status;
  }
  if (listing->active_bytes) {
    const SegmentId id = std::max(listing->next_segment, cursor_record_.next_segment);
    if (Status status = segment(id, true); !status) return status;
  }
  if (const int error = fsync(*directory_); error != 0) {
    return io_error("fsync directory", dir_, error);
  }
  return std::move(report_);
}

Status Repair::segment(SegmentId id, bool active) {
  SegmentReport report;
  report.id = id;
  report.active = active;
  report.file = active ? std::string(active_name) : segment_name(id);
  const std::filesystem::path path = dir_ / report.file;
  const auto opened = open_file(fs_, path, O_RDWR);
  if (opened.error != 0) return io_error("open", path, opened.error);
  const std::int64_t size = opened.file->size();
  if (size < 0) return io_error("fstat", path, size);
  report.file_bytes = static_cast<std::uint64_t>(size);
  std::vector<Run> runs;
  auto found =
      scan_file(*opened.file, {id, 0, report.file_bytes},
                active ? EndZeros::unwritten : EndZeros::entries, reader_, [&](const Block& block) {
                  const std::uint64_t from = block.entries.front().begin.offset;
                  const std::uint64_t to = runs.empty() ? 0 : runs.back().end();
                  runs.push_back({from, block.entries.back().end.offset - from, to});
                  return Status{};
                });
  if (!found) return io_error("read", path, -found.status().errno_value());
  report.entries = found->entries;
  report.entry_bytes = found->entry_bytes;
  report.unwritten_bytes = found->unwritten_bytes;
  if (found->entry_bytes < report.file_bytes) {  // damage, empty entries, unwritten space
    if (Status status = keep(found->damages, *opened.file); !status) return status;
    if (Status status = replace(*opened.file, report, runs); !status) return status;
  }
  report_.zero_entries += found->zero_entries;
  std::ranges::move(found->damages, std::back_inserter(report_.damages));
  report_.segments.push_back(std::move(report));
  return {};
}

Status Repair::keep(const std::vector<Damage>& damages, File& file) {
  for (const Damage& damage : damages) {
    const auto kept = quarantine_.keep(file, damage.begin, damage.length);
    if (!kept) return kept.status();
  }
  return {};
}

Status Repair::replace(File& file, const SegmentReport& segment, const std::vector<Run>& runs) {
  const std::filesystem::path temporary = dir_ / temporary_name;
  const auto made = open_file(fs_, temporary, O_RDWR | O_CREAT | O_TRUNC);
  if (made.error != 0) return io_error("create", temporary, made.error);
  Status status;
  for (auto run = runs.begin(); run != runs.end() && status.ok(); ++run) {
    status = copy(file, *run, *made.file);
  }
  if (status.ok()) {
    const int error = fsync(*made.file);
    if (error != 0) status = io_error("fsync", temporary, error);
  }
  if (status.ok()) status = move_cursor(segment.id, runs);
  if (status.ok()) {
    const int error = fs_.rename(temporary, dir_ / segment.file);
    if (error != 0) status = io_error("rename to", dir_ / segment.file, error);
  }
  if (!status.ok()) {
    fs_.unlink(temporary);
    return status;
  }
  const int error = fsync(*directory_);
  return error == 0 ? Status{} : io_error("fsync directory", dir_, error);
}

Status Repair::copy(File& file, const Run& run, File& to) const {
  constexpr std::uint64_t chunk_bytes = std::uint64_t{256} << 10;
  std::vector<std::byte> chunk(std::min(run.length, chunk_bytes));
  for (std::uint64_t done = 0; done < run.length;) {
    const auto part =
        std::span(chunk).first(std::min<std::uint64_t>(run.length - done, chunk.size()));
    const std::int64_t n = read_at(file, part, run.from + done);
    if (n <= 0) return io_error("read", dir_, n == 0 ? -EIO : n);
    const auto read = part.first(static_cast<std::size_t>(n));
    const WrittenBytes written = write_at(to, read, run.to + done);
    if (written.error != 0) return io_error("write", dir_ / temporary_name, written.error);
    done += read.size();
  }
  return {};
}

// The entries behind damage have moved to the front.
Status Repair::move_cursor(SegmentId segment, const std::vector<Run>& runs) {
  CursorRecord record = cursor_record_;
  if (!record.cursor || record.cursor->position.segment != segment) return {};
  const auto moved = [&](std::uint64_t offset) {
    std::uint64_t to = 0;
    for (const Run& run : runs) {
      if (run.from >= offset) break;
      to = run.to + std::min(run.length, offset - run.from);
    }
    return to;
  };
  record.cursor->position.offset = moved(record.cursor->position.offset);
  if (record.before) record.before->offset = moved(record.before->offset);
  return cursor_store_.save(record);
}

}  // namespace

Result<VerifyReport> repair(const std::filesystem::path& dir, const Options& options) {
  return Repair(dir, options).run();
}

}  // namespace rebuf
