#include <iostream>

#include "daemon/ctl/entry.h"
#include "daemon/ctl/exit_codes.h"
#include "daemon/ctl/wal_commands.h"
#include "daemon/ctl/wal_scan.h"

namespace rebuf::ctl {

int export_entries(const std::filesystem::path& dir, bool values) {
  const Result<VerifyReport> report = scan_wal(dir, "export", [&](const EntryRef& at) {
    const Entry entry = Entry::decode(at.data);
    if (values)
      std::cout << entry.value << '\n';
    else
      std::cout << to_json(at, entry).dump() << '\n';
    return stdout_status();
  });
  if (!report) return scan_failed(report.status());
  std::cout.flush();
  if (const Status status = stdout_status(); !status.ok()) return scan_failed(status);
  tell_damages(*report);
  return exit_fine;
}

}  // namespace rebuf::ctl
