// scan(): reads a directory without its lock. The log may be live, so segments may be completed or
// purged meanwhile, and the last bytes of the active file may be half written.
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <iterator>
#include <thread>
#include <utility>

#include "rebuf/verify.h"
#include "wal/io.h"
#include "wal/listing.h"
#include "wal/names.h"
#include "wal/range_crc.h"
#include "wal/scan_file.h"

namespace rebuf {

namespace {

// What stands at the end of the active file.
struct Tail {
  std::uint64_t size = 0;   // of the file
  std::uint64_t right = 0;  // behind its last right entry
  bool whole = true;        // nothing but unwritten space follows that
  std::uint32_t crc = 0;    // of what follows it, if not whole
};

Result<Tail> look_at_tail(File& file, SegmentId id, std::uint64_t from) {
  const std::int64_t size = file.size();
  if (size < 0) return io_error("fstat", {}, size);
  Tail tail{static_cast<std::uint64_t>(size), from};
  if (tail.size <= from) return tail;
  BlockReader reader({});
  const auto found =
      scan_file(file, {id, from, tail.size}, EndZeros::unwritten, reader, [&](const Block& block) {
        tail.right = block.entries.back().end.offset;
        return Status{};
      });
  if (!found) return found.status();
  tail.whole = found->damages.empty() || found->damages.back().begin.offset < tail.right;
  if (!tail.whole) tail.crc = RangeCrc(file, tail.right, tail.size).of(tail.right, tail.size);
  return tail;
}

// A live writer may be in the middle of its last entry. Until that is whole, or nothing has moved
// for `patience`, it is not damage.
Result<Tail> settled_tail(File& file, SegmentId id, std::chrono::milliseconds patience) {
  constexpr std::chrono::milliseconds pause{2};
  auto tail = look_at_tail(file, id, 0);
  auto moved = std::chrono::steady_clock::now();
  while (tail && !tail->whole && std::chrono::steady_clock::now() - moved < patience) {
    std::this_thread::sleep_for(pause);
    const Tail before = *tail;
    tail = look_at_tail(file, id, before.right);
    if (!tail) break;
    // What follows the entry that became whole is left to the next scan.
    if (tail->right > before.right) return Tail{tail->right, tail->right};
    if (tail->size != before.size || tail->crc != before.crc) {
      moved = std::chrono::steady_clock::now();
    }
  }
  return tail;
}

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
  Status segment(SegmentReport segment, File& file, std::uint64_t limit);
  Status entries(const Block& block) const;

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
    report.file_bytes = bytes;
    if (Status status = segment(std::move(report), *opened.file, bytes); !status) return status;
  }
  return {};
}

Status Scan::active(SegmentId id, File& file) {
  SegmentReport report;
  report.id = id;
  report.active = true;
  report.file = active_name;
  const auto tail = settled_tail(file, id, options_.tail_patience);
  if (!tail) return io_error("read", dir_ / active_name, -tail.status().errno_value());
  // What is unwritten now may be written while the entries before it are read.
  const std::uint64_t limit = tail->whole ? tail->right : tail->size;
  report.file_bytes = tail->size;
  report.unwritten_bytes = tail->size - limit;
  return segment(std::move(report), file, limit);
}

Status Scan::segment(SegmentReport segment, File& file, std::uint64_t limit) {
  const EndZeros end_zeros = segment.active ? EndZeros::unwritten : EndZeros::entries;
  auto found = scan_file(file, {segment.id, 0, limit}, end_zeros, reader_,
                         [this](const Block& block) { return entries(block); });
  if (!found) return found.status();
  segment.entries = found->entries;
  segment.entry_bytes = found->entry_bytes;
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

}  // namespace

Result<VerifyReport> scan(const std::filesystem::path& dir, const ScanOptions& options) {
  return Scan(dir, options).run();
}

}  // namespace rebuf
