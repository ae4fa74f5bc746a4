// scan(): reads a directory without its lock. The log may be live, so segments may be completed or
// purged meanwhile, and the last bytes of the active file may be half written.
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <thread>
#include <utility>

#include "rebuf/verify.h"
#include "wal/io.h"
#include "wal/listing.h"
#include "wal/names.h"
#include "wal/scan_file.h"

namespace rebuf {

namespace {

class Scan {
 public:
  Scan(const std::filesystem::path& dir, const ScanOptions& options)
      : fs_(options.file_system != nullptr ? *options.file_system : FileSystem::real()),
        dir_(dir),
        options_(options),
        reader_(options.ordinal_of),
        next_(options.from) {}

  Result<VerifyReport> run();

 private:
  Status completed(const LogListing& listing);
  Status active(SegmentId id, File& file);
  Status segment(SegmentReport segment, File& file, std::uint64_t size);
  Status entries(const Block& block) const;
  static std::uint64_t settled_size(File& file, SegmentId id, std::uint64_t size);

  FileSystem& fs_;
  const std::filesystem::path& dir_;
  const ScanOptions& options_;
  BlockReader reader_;
  SegmentId next_;  // completed segments below were read
  VerifyReport report_;
};

Result<VerifyReport> Scan::run() {
  for (;;) {
    const auto listing = list_log(fs_, dir_);
    if (!listing) return listing.status();
    report_.foreign_files = listing->foreign;
    if (Status status = completed(*listing); !status) return status;
    // The active file is opened between two looks: when no segment was completed in between, it is
    // the one behind them.
    auto opened = open_file(fs_, dir_ / active_name, O_RDONLY);
    if (opened.error != 0 && opened.error != -ENOENT) {
      return io_error("open", dir_ / active_name, opened.error);
    }
    const auto again = list_log(fs_, dir_);
    if (!again) return again.status();
    if (again->next_segment != listing->next_segment) continue;
    if (opened.file) {
      if (Status status = active(again->next_segment, *opened.file); !status) return status;
    }
    return std::move(report_);
  }
}

Status Scan::completed(const LogListing& listing) {
  for (const auto& [id, bytes] : listing.completed) {
    if (id < next_) continue;
    next_ = id + 1;
    const std::string name = segment_name(id);
    const auto opened = open_file(fs_, dir_ / name, O_RDONLY);
    if (opened.error == -ENOENT) continue;  // purged meanwhile
    if (opened.error != 0) return io_error("open", dir_ / name, opened.error);
    SegmentReport report;
    report.id = id;
    report.file = name;
    if (Status status = segment(std::move(report), *opened.file, bytes); !status) return status;
  }
  return {};
}

Status Scan::active(SegmentId id, File& file) {
  SegmentReport report;
  report.id = id;
  report.active = true;
  report.file = active_name;
  const std::int64_t size = file.size();
  if (size < 0) return io_error("fstat", dir_ / active_name, size);
  const std::uint64_t settled = settled_size(file, id, static_cast<std::uint64_t>(size));
  return segment(std::move(report), file, settled);
}

Status Scan::segment(SegmentReport segment, File& file, std::uint64_t size) {
  segment.file_bytes = size;
  const EndZeros end_zeros = segment.active ? EndZeros::unwritten : EndZeros::entries;
  auto found = scan_file(file, {segment.id, 0, size}, end_zeros, reader_,
                         [this](const Block& block) { return entries(block); });
  if (!found) return found.status();
  segment.entries = found->entries;
  segment.entry_bytes = found->entry_bytes;
  segment.unwritten_bytes = found->unwritten_bytes;
  report_.zero_entries += found->zero_entries;
  std::ranges::move(found->damages, std::back_inserter(report_.damages));
  if (options_.on_segment) options_.on_segment(segment);
  report_.segments.push_back(std::move(segment));
  return {};
}

Status Scan::entries(const Block& block) const {
  if (!options_.on_entry) return {};
  for (const EntryRef& entry : block.entries) {
    if (Status status = options_.on_entry(entry); !status) return status;
  }
  return {};
}

// A live writer may be in the middle of its last entry: what grows meanwhile is not damage, and is
// left to the next scan.
std::uint64_t Scan::settled_size(File& file, SegmentId id, std::uint64_t size) {
  BlockReader reader({});
  std::uint64_t right = 0;  // behind the last right entry
  const auto look = [&] {
    const auto found =
        scan_file(file, {id, right, size}, EndZeros::unwritten, reader, [&](const Block& block) {
          right = block.entries.back().end.offset;
          return Status{};
        });
    return found && (found->damages.empty() || found->damages.back().begin.offset < right);
  };
  constexpr int most_looks = 10;
  bool whole = look();
  const std::uint64_t first_right = right;
  for (int looks = 0; looks < most_looks && !whole && right == first_right; ++looks) {
    std::this_thread::yield();
    whole = look();
  }
  return whole || right == first_right ? size : right;
}

}  // namespace

Result<VerifyReport> scan(const std::filesystem::path& dir, const ScanOptions& options) {
  return Scan(dir, options).run();
}

}  // namespace rebuf
