#include "daemon/ctl/wal_scan.h"

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
  return scan(dir, options);
}

}  // namespace rebuf::ctl
