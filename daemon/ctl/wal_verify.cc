#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <iostream>
#include <nlohmann/json.hpp>

#include "daemon/ctl/exit_codes.h"
#include "daemon/ctl/text.h"
#include "daemon/ctl/wal_commands.h"
#include "daemon/ctl/wal_directory.h"
#include "daemon/ctl/wal_scan.h"
#include "daemon/envelope.h"

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

// As root, what is written belongs to whom the log belongs to: rebufd is another user.
Status become_owner_of(const std::filesystem::path& dir) {
  struct stat of {};
  if (::geteuid() != 0) return {};
  if (::stat(dir.c_str(), &of) != 0) return {Code::io, "stat", dir.string(), errno};
  if (::setgid(of.st_gid) != 0 || ::setuid(of.st_uid) != 0)
    return {Code::io, "become the owner of", dir.string(), errno};
  ignore(::prctl(PR_SET_DUMPABLE, 1), "only a debugger or a core would miss it");
  return {};
}

void tell(const std::filesystem::path& dir, const VerifyReport& report, bool json) {
  if (json) {
    std::cout << verify_json(report).dump(2) << '\n';
    return;
  }
  const Sums sums = sums_of(report);
  const std::size_t damages = report.damages.size();
  const std::string places = damages == 1 ? "1 place is" : fmt::format("{} places are", damages);
  std::cout << fmt::format("{}: {} entries, {}, in {} segments; ", dir.string(), sums.entries,
                           bytes_text(sums.entry_bytes), report.segments.size())
            << (report.clean()
                    ? std::string("no damage")
                    : fmt::format("{} damaged, {}", places, bytes_text(sums.damaged_bytes)))
            << '\n';
  for (const std::string& file : report.foreign_files)
    std::cout << "no part of the log: " << file << '\n';
  tell_damages(report);
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
  tell(dir, *report, json);
  return report->clean() ? exit_fine : exit_damaged;
}

int repair(const std::filesystem::path& dir, bool json) {
  if (const Status status = become_owner_of(dir); !status) return scan_failed(status);
  Options options;
  options.state_dir = state_dir_of(dir);
  options.ordinal_of = [](Bytes data) { return daemon::ordinal_of(data); };
  const Result<VerifyReport> found = rebuf::repair(dir, options);
  if (!found) return scan_failed(found.status());
  tell(dir, *found, json);
  if (!found->clean() && !json)
    std::cout << "the log is whole again; what could not be read lies in "
              << (options.state_dir / "quarantine").string() << '\n';
  return exit_fine;
}

}  // namespace rebuf::ctl
