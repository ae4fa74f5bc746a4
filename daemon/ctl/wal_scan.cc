#include "daemon/ctl/wal_scan.h"

#include <algorithm>
#include <utility>

#include "daemon/ctl/progress.h"
#include "daemon/envelope.h"

namespace rebuf::ctl {
namespace {

// For the bar only: what is purged or cannot be read meanwhile counts as nothing.
std::uint64_t bytes_in(const std::filesystem::path& dir) {
  std::uint64_t bytes = 0;
  std::error_code unreadable;
  std::filesystem::directory_iterator at(dir, unreadable);
  for (; !unreadable && at != std::filesystem::directory_iterator(); at.increment(unreadable)) {
    std::error_code gone;
    const std::uintmax_t size = at->file_size(gone);
    if (!gone) bytes += size;
  }
  return bytes;
}

// Takes back the damages of the active segment that a second look does not find.
Status confirm_tail(const std::filesystem::path& dir, VerifyReport& report) {
  if (report.segments.empty() || report.damages.empty()) return {};
  const SegmentId active = report.segments.back().id;
  if (report.damages.back().begin.segment != active) return {};
  ScanOptions options;
  options.from = active;
  options.ordinal_of = [](Bytes data) { return daemon::ordinal_of(data); };
  Result<VerifyReport> again = scan(dir, options);
  if (!again) return again.status();
  std::erase_if(report.damages, [&](const Damage& damage) {
    return damage.begin.segment == active &&
           std::none_of(again->damages.begin(), again->damages.end(),
                        [&](const Damage& other) { return other.begin == damage.begin; });
  });
  return {};
}

}  // namespace

Result<VerifyReport> scan_wal(const std::filesystem::path& dir, const std::string& what,
                              std::function<Status(const EntryRef&)> on_entry) {
  Progress progress(what, bytes_in(dir));
  ScanOptions options;
  options.ordinal_of = [](Bytes data) { return daemon::ordinal_of(data); };
  options.on_entry = [&](const EntryRef& entry) {
    progress.add(entry.end.offset - entry.begin.offset);
    return on_entry(entry);
  };
  Result<VerifyReport> report = scan(dir, options);
  if (!report) return report;
  if (Status status = confirm_tail(dir, *report); !status.ok()) return status;
  return report;
}

}  // namespace rebuf::ctl
