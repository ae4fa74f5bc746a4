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
  return end_of_listing(report);
}

}  // namespace rebuf::ctl
