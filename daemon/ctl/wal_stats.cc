#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "daemon/ctl/entry.h"
#include "daemon/ctl/exit_codes.h"
#include "daemon/ctl/text.h"
#include "daemon/ctl/wal_commands.h"
#include "daemon/ctl/wal_scan.h"

namespace rebuf::ctl {
namespace {

using Json = nlohmann::ordered_json;

struct Sums {
  std::uint64_t entries = 0;
  std::uint64_t without_envelope = 0;  // written by another program
  std::uint64_t entry_bytes = 0;
  std::uint64_t value_bytes = 0;
  std::uint64_t smallest = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t largest = 0;
  std::int64_t oldest_ms = std::numeric_limits<std::int64_t>::max();
  std::int64_t newest_ms = std::numeric_limits<std::int64_t>::min();
  std::map<std::string, std::uint64_t, std::less<>> topics;

  void see(const EntryRef& at, const Entry& entry);
  [[nodiscard]] bool timed() const { return entries > without_envelope; }
  [[nodiscard]] std::uint64_t mean() const { return entries == 0 ? 0 : value_bytes / entries; }
};

void Sums::see(const EntryRef& at, const Entry& entry) {
  ++entries;
  entry_bytes += at.end.offset - at.begin.offset;
  value_bytes += entry.value.size();
  smallest = std::min<std::uint64_t>(smallest, entry.value.size());
  largest = std::max<std::uint64_t>(largest, entry.value.size());
  if (!entry.message) {
    ++without_envelope;
    return;
  }
  oldest_ms = std::min(oldest_ms, entry.message->arrival_ms);
  newest_ms = std::max(newest_ms, entry.message->arrival_ms);
  const auto found = topics.find(entry.message->topic);
  if (found == topics.end())
    topics.emplace(entry.message->topic, 1);
  else
    ++found->second;
}

void print_text(const std::filesystem::path& dir, const Sums& sums, const VerifyReport& report) {
  std::cout << fmt::format("{}\n{} entries in {} segments, {} ({} of values)\n", dir.string(),
                           sums.entries, report.segments.size(), bytes_text(sums.entry_bytes),
                           bytes_text(sums.value_bytes));
  if (sums.entries == 0) return;
  std::cout << fmt::format("values: smallest {}, mean {}, largest {}\n", bytes_text(sums.smallest),
                           bytes_text(sums.mean()), bytes_text(sums.largest));
  if (sums.timed())
    std::cout << fmt::format("arrived: from {} to {}\n", time_text(sums.oldest_ms),
                             time_text(sums.newest_ms));
  if (sums.without_envelope > 0)
    std::cout << fmt::format("written by another program: {}\n", sums.without_envelope);
  std::vector<std::vector<std::string>> rows{{"TOPIC", "ENTRIES"}};
  for (const auto& [topic, count] : sums.topics) rows.push_back({topic, std::to_string(count)});
  if (rows.size() > 1) std::cout << '\n' << table(rows);
}

void print_json(const Sums& sums, const VerifyReport& report) {
  Json json{{"segments", report.segments.size()},
            {"entries", sums.entries},
            {"entries_without_envelope", sums.without_envelope},
            {"entry_bytes", sums.entry_bytes},
            {"value_bytes", sums.value_bytes},
            {"smallest_value_bytes", sums.entries == 0 ? Json(nullptr) : Json(sums.smallest)},
            {"mean_value_bytes", sums.mean()},
            {"largest_value_bytes", sums.largest},
            {"oldest_arrival_ms", sums.timed() ? Json(sums.oldest_ms) : Json(nullptr)},
            {"newest_arrival_ms", sums.timed() ? Json(sums.newest_ms) : Json(nullptr)},
            {"topics", Json::object()},
            {"clean", report.clean()}};
  for (const auto& [topic, count] : sums.topics) json["topics"][topic] = count;
  std::cout << json.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
}

}  // namespace

int stats(const std::filesystem::path& dir, bool json) {
  Sums sums;
  const Result<VerifyReport> report = scan_wal(dir, "stats", [&](const EntryRef& at) {
    sums.see(at, Entry::decode(at.data));
    return Status();
  });
  if (!report) return scan_failed(report.status());
  if (json)
    print_json(sums, *report);
  else
    print_text(dir, sums, *report);
  tell_damages(*report);
  return exit_fine;
}

}  // namespace rebuf::ctl
