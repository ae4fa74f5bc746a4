#include <fmt/format.h>

#include <cerrno>
#include <iostream>
#include <nlohmann/json.hpp>

#include "daemon/ctl/exit_codes.h"
#include "daemon/ctl/text.h"
#include "daemon/ctl/wal_commands.h"
#include "daemon/ctl/wal_scan.h"

namespace rebuf::ctl {
namespace {

using Json = nlohmann::ordered_json;

struct Sums {
  std::uint64_t entries = 0;
  std::uint64_t entry_bytes = 0;
  std::uint64_t damaged_bytes = 0;
};

Sums sums_of(const VerifyReport& report) {
  Sums sums;
  for (const SegmentReport& segment : report.segments) {
    sums.entries += segment.entries;
    sums.entry_bytes += segment.entry_bytes;
  }
  for (const Damage& damage : report.damages) sums.damaged_bytes += damage.length;
  return sums;
}

Json verify_json(const VerifyReport& report) {
  const Sums sums = sums_of(report);
  Json damages = Json::array();
  for (const Damage& damage : report.damages)
    damages.push_back({{"segment", damage.begin.segment},
                       {"offset", damage.begin.offset},
                       {"length", damage.length},
                       {"reason", damage.reason}});
  return {{"clean", report.clean()},
          {"segments", report.segments.size()},
          {"entries", sums.entries},
          {"entry_bytes", sums.entry_bytes},
          {"damaged_bytes", sums.damaged_bytes},
          {"damages", damages},
          {"zero_entries", report.zero_entries},
          {"foreign_files", report.foreign_files}};
}

}  // namespace

Status stdout_status() {
  return std::cout ? Status() : Status(Code::io, "write to stdout", {}, errno);
}

int scan_failed(const Status& status) {
  if (status.errno_value() == EPIPE) return exit_failed;  // the reader has seen enough
  std::cerr << "rebufctl: " << status.message() << '\n';
  return exit_failed;
}

void tell_damages(const VerifyReport& report) {
  for (const Damage& damage : report.damages)
    std::cerr << fmt::format("damage: segment {} at {}, {}: {}\n", damage.begin.segment,
                             damage.begin.offset, bytes_text(damage.length), damage.reason);
}

int end_of_listing(const Result<VerifyReport>& report) {
  if (!report) return scan_failed(report.status());
  std::cout.flush();
  if (const Status status = stdout_status(); !status.ok()) return scan_failed(status);
  tell_damages(*report);
  return exit_fine;
}

int verify(const std::filesystem::path& dir, bool json) {
  const Result<VerifyReport> report =
      scan_wal(dir, "verify", [](const EntryRef& /*entry*/) { return Status(); });
  if (!report) return scan_failed(report.status());
  if (json) {
    std::cout << verify_json(*report).dump(2) << '\n';
  } else {
    const Sums sums = sums_of(*report);
    std::cout << fmt::format("{}: {} entries, {}, in {} segments; ", dir.string(), sums.entries,
                             bytes_text(sums.entry_bytes), report->segments.size())
              << (report->clean() ? std::string("no damage")
                                  : fmt::format("{} places are damaged, {}", report->damages.size(),
                                                bytes_text(sums.damaged_bytes)))
              << '\n';
    for (const std::string& file : report->foreign_files)
      std::cout << "no part of the log: " << file << '\n';
    tell_damages(*report);
  }
  return report->clean() ? exit_fine : exit_damaged;
}

}  // namespace rebuf::ctl
