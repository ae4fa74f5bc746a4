#include "tests/wal/sim/aftermath.h"

#include <algorithm>
#include <unordered_set>

namespace rebuf::test {
namespace {

using Found = std::optional<std::string>;

Options plain(const Options& options, SimFileSystem& fs) {
  Options plain = options;
  plain.file_system = &fs;
  plain.on_appended = nullptr;
  return plain;
}

// What follows the cursor must be the end of what a replay gives.
Found cursor_contradiction(Log& log, const std::vector<std::string>& all) {
  const auto reader = log.reader(log.cursor_at_open().cursor.position);
  std::vector<std::string> rest;
  for (;;) {
    const auto block = reader->next(1U << 16);
    if (!block) return "the reader fails: " + block.status().message();
    for (const EntryRef& entry : block->entries) rest.push_back(text_of(entry.data));
    if (block->at_end) break;
  }
  if (rest.size() > all.size() || !std::equal(rest.rbegin(), rest.rend(), all.rbegin()))
    return "a reader at the cursor gives another end than replay";
  return std::nullopt;
}

Found position_contradiction(Log& log, const Ledger& ledger, Moment cut) {
  const Position end = log.stats().end;
  if (end < ledger.furthest(cut)) return "a position is given out twice";
  return std::nullopt;
}

// Writes one more entry, opens again: the same entries and the new one.
Found second_life(std::unique_ptr<Log> log, std::vector<std::string> entries,
                  const Options& options) {
  const std::string more = "one more";
  if (const Status status = log->write(bytes_of(more)); !status.ok()) {
    if (status.code() == Code::full && options.on_full == OnFull::refuse) return std::nullopt;
    return "refuses a write: " + status.message();
  }
  entries.push_back(more);
  const Position oldest = log->stats().oldest;
  if (const Status status = log->close(); !status.ok())
    return "does not close: " + status.message();
  auto opened = Log::open(log_dir, options);
  if (!opened) return "does not open a second time: " + opened.status().message();
  const auto found = replayed(**opened);
  if (!found) return "does not replay a second time: " + found.status().message();
  // Retention may have taken a segment for the new entry.
  if (oldest.segment > 0 && found->size() < entries.size())
    entries.erase(entries.begin(), entries.end() - static_cast<std::ptrdiff_t>(found->size()));
  if (*found != entries) return "the second opening gives other entries than the first";
  return std::nullopt;
}

// What was replayed once is there after every power cut.
Found replayed_is_durable(const Disk& disk, const std::vector<std::string>& entries,
                          const Options& given) {
  Found wrong;
  disk.each_power_cut([&](const Disk& left) {
    if (wrong) return;
    SimFileSystem fs(left);
    const auto opened = Log::open(log_dir, plain(given, fs));
    const auto found =
        opened ? replayed(**opened) : Result<std::vector<std::string>>(opened.status());
    if (!found)
      wrong = "does not open and replay after another power cut: " + found.status().message();
    else if (*found != entries)
      wrong = "what was replayed once is gone after a power cut";
  });
  return wrong;
}

Found contradiction_on(SimFileSystem& fs, const Options& given, const Ledger& ledger, Moment cut) {
  const Options options = plain(given, fs);
  auto opened = Log::open(log_dir, options);
  if (!opened) return "does not open: " + opened.status().message();
  Log& log = **opened;
  const auto found = replayed(log);
  if (!found) return "does not replay: " + found.status().message();
  if (auto wrong = ledger.contradiction(*found, cut)) return wrong;
  if (auto wrong = ledger.contradiction(log.cursor_at_open(), cut)) return wrong;
  if (auto wrong = cursor_contradiction(log, *found)) return wrong;
  if (auto wrong = position_contradiction(log, ledger, cut)) return wrong;
  if (auto wrong = replayed_is_durable(fs.disk(), *found, options)) return wrong;
  return second_life(std::move(*opened), *found, options);
}

// Visits every disk that a power cut may leave after each change of a journal that began at `disk`.
void each_cut(Disk disk, const std::vector<Change>& journal,
              const std::function<bool(const Disk&, Moment)>& visit) {
  bool going = true;
  for (Moment cut = 0; cut <= journal.size() && going; ++cut) {
    disk.each_power_cut([&](const Disk& left) { going = going && visit(left, cut); });
    if (cut < journal.size()) disk.apply(journal[cut]);
  }
}

// Cuts the power while the log opens on `disk`.
Found cut_again(const Disk& disk, const Options& given, const Ledger& ledger, Moment cut,
                Search& search) {
  SimFileSystem fs(disk);
  {
    auto opened = Log::open(log_dir, plain(given, fs));
    if (!opened) return std::nullopt;  // told by the first look
  }
  Found found;
  each_cut(disk, fs.journal(), [&](const Disk& left, Moment) {
    ++search.states;
    ++search.again;
    SimFileSystem again(left);
    found = contradiction_on(again, given, ledger, cut);
    if (found) *found += " (cut again while opening)";
    return !found;
  });
  return found;
}

}  // namespace

Found contradiction(const Disk& disk, const Options& options, const Ledger& ledger, Moment cut) {
  SimFileSystem fs(disk);
  return contradiction_on(fs, options, ledger, cut);
}

Search search_power_cuts(const SimFileSystem& fs, const Options& options, const Ledger& ledger) {
  Search search;
  std::unordered_set<std::string> seen;
  const std::vector<Change> journal = fs.journal();
  search.moments = journal.size() + 1;
  each_cut({}, journal, [&](const Disk& left, Moment cut) {
    std::string state = std::to_string(ledger.promises(cut)) + "\n" + left.fingerprint();
    if (!seen.insert(std::move(state)).second) return true;
    ++search.states;
    search.found = contradiction(left, options, ledger, cut);
    if (!search.found) search.found = cut_again(left, options, ledger, cut, search);
    if (search.found) *search.found += " (power cut after change " + std::to_string(cut) + ")";
    return !search.found;
  });
  return search;
}

}  // namespace rebuf::test
