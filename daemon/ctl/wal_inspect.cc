#include <fmt/format.h>

#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "daemon/ctl/entry.h"
#include "daemon/ctl/exit_codes.h"
#include "daemon/ctl/text.h"
#include "daemon/ctl/wal_commands.h"
#include "daemon/ctl/wal_scan.h"

namespace rebuf::ctl {
namespace {

using Json = nlohmann::ordered_json;

struct Arrivals {
  std::int64_t first_ms;
  std::int64_t last_ms;
};
using ArrivalsOfSegments = std::map<SegmentId, Arrivals>;

void print_entry(const EntryRef& at, const Entry& entry) {
  std::string line =
      fmt::format("{}/{}  {} B", at.begin.segment, at.begin.offset, entry.value.size());
  if (entry.message) {
    line += fmt::format("  {}  {}  {}", entry.message->id.hex(),
                        time_text(entry.message->arrival_ms), entry.message->topic);
    if (entry.message->key)
      line += "  key " + (is_utf8(*entry.message->key) ? std::string(*entry.message->key)
                                                       : base64(*entry.message->key));
  }
  std::cout << line << '\n';
}

void print_segments(const VerifyReport& report, const ArrivalsOfSegments& arrivals) {
  std::vector<std::vector<std::string>> rows{
      {"SEGMENT", "FILE", "ENTRIES", "BYTES", "FILE SIZE", "FIRST ARRIVED", "LAST ARRIVED"}};
  for (const SegmentReport& segment : report.segments) {
    const auto found = arrivals.find(segment.id);
    const bool timed = found != arrivals.end();
    rows.push_back({std::to_string(segment.id), segment.file, std::to_string(segment.entries),
                    bytes_text(segment.entry_bytes), bytes_text(segment.file_bytes),
                    timed ? time_text(found->second.first_ms) : "-",
                    timed ? time_text(found->second.last_ms) : "-"});
  }
  std::cout << table(rows);
}

void print_json(const VerifyReport& report, const ArrivalsOfSegments& arrivals) {
  Json segments = Json::array();
  for (const SegmentReport& segment : report.segments) {
    Json one{{"id", segment.id},
             {"file", segment.file},
             {"active", segment.active},
             {"entries", segment.entries},
             {"entry_bytes", segment.entry_bytes},
             {"file_bytes", segment.file_bytes},
             {"unwritten_bytes", segment.unwritten_bytes}};
    if (const auto found = arrivals.find(segment.id); found != arrivals.end()) {
      one["first_arrival_ms"] = found->second.first_ms;
      one["last_arrival_ms"] = found->second.last_ms;
    }
    segments.push_back(std::move(one));
  }
  std::cout << Json{{"segments", segments}, {"clean", report.clean()}}.dump(2) << '\n';
}

}  // namespace

int inspect(const std::filesystem::path& dir, bool entries, bool json) {
  ArrivalsOfSegments arrivals;
  const Result<VerifyReport> report = scan_wal(dir, "inspect", [&](const EntryRef& at) {
    const Entry entry = Entry::decode(at.data);
    if (entry.message) {
      const std::int64_t arrival_ms = entry.message->arrival_ms;
      arrivals.try_emplace(at.begin.segment, Arrivals{arrival_ms, arrival_ms})
          .first->second.last_ms = arrival_ms;
    }
    if (!entries) return Status();
    if (json)
      std::cout << to_json(at, entry).dump() << '\n';
    else
      print_entry(at, entry);
    return stdout_status();
  });
  if (!report) return scan_failed(report.status());
  if (json && !entries)
    print_json(*report, arrivals);
  else if (!entries)
    print_segments(*report, arrivals);
  tell_damages(*report);
  return exit_fine;
}

}  // namespace rebuf::ctl
