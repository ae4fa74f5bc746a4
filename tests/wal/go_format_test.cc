// Directories go both ways between this library and the Go library's format, which here an
// independent program reads and writes.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "rebuf/log.h"
#include "rebuf/verify.h"
#include "tests/wal/real/commands.h"
#include "tests/wal/sim/frames.h"
#include "tests/wal/sim/session.h"

namespace rebuf::test {
namespace {

namespace fs = std::filesystem;
using Entries = std::vector<std::string>;

Entries some_entries(std::size_t count, std::size_t first = 1) {
  Entries entries;
  for (std::size_t i = first; i < first + count; ++i) entries.push_back(numbered(i, 6 + i % 50));
  return entries;
}

Options small() {
  Options options;
  options.max_log_size = 150;
  options.max_segments = 20;
  return options;
}

std::unique_ptr<Log> open(const fs::path& dir, const Options& options) {
  auto opened = Log::open(dir, options);
  REQUIRE_MESSAGE(opened, opened.status().message());
  return std::move(*opened);
}

Entries replay_of(const fs::path& dir, const Options& options = small()) {
  const auto log = open(dir, options);
  const auto entries = replayed(*log);
  REQUIRE(entries);
  return *entries;
}

void write_all(Log& log, const Entries& entries) {
  for (const std::string& entry : entries) REQUIRE(log.write(bytes_of(entry)).ok());
}

std::map<std::string, std::string> files_in(const fs::path& dir) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::directory_iterator(dir))
    files[entry.path().filename()] = read_file(entry.path());
  return files;
}

TEST_CASE("the same entries make the same files, byte for byte, with the same ones dropped") {
  const TemporaryDirectory temp;
  const Entries entries = some_entries(100);
  go_format::write(temp.path() / "go", entries, 150, 20);
  const auto log = open(temp.path() / "ours", small());
  write_all(*log, entries);
  REQUIRE(log->close().ok());
  const auto ours = files_in(temp.path() / "ours");
  CHECK(ours.size() == 21);
  CHECK(ours == files_in(temp.path() / "go"));
}

TEST_CASE("a directory of the Go library is replayed in order of numbers and written on") {
  const TemporaryDirectory temp;
  const fs::path dir = temp.path() / "log";
  go_format::write(dir, some_entries(40), 150, 20);
  REQUIRE(fs::exists(dir / "rebuf-10"));
  {
    const auto log = open(dir, small());
    CHECK(*replayed(*log) == some_entries(40));
    write_all(*log, some_entries(10, 41));
  }
  CHECK(go_format::read(dir) == some_entries(50));
  go_format::write(dir, some_entries(5, 51), 150, 20);
  CHECK(replay_of(dir) == some_entries(55));
  CHECK(go_format::check({dir}).output.empty());
}

TEST_CASE("what ours writes is whole for the Go library after closing, preallocated or not") {
  const TemporaryDirectory temp;
  Options options = small();
  for (const std::uint64_t preallocate : {0U, 4096U}) {
    CAPTURE(preallocate);
    options.preallocate = preallocate;
    const fs::path dir = temp.path() / std::to_string(preallocate);
    const auto log = open(dir, options);
    write_all(*log, some_entries(20));
    REQUIRE(log->close().ok());
    CHECK(go_format::check({dir}).output.empty());
    CHECK(go_format::read(dir) == some_entries(20));
  }
}

TEST_CASE("a directory without rebuf.tmp opens, and its next segment follows the highest") {
  const TemporaryDirectory temp;
  const fs::path dir = temp.path() / "log";
  go_format::write(dir, some_entries(30), 150, 20);
  const std::size_t in_active = replay_of(dir).size();
  fs::remove(dir / "rebuf.tmp");
  const Entries completed = go_format::read(dir);
  CHECK(completed.size() < in_active);
  const auto log = open(dir, small());
  CHECK(*replayed(*log) == completed);
  const std::uint64_t segments = log->segment_count();
  write_all(*log, some_entries(20, 100));
  CHECK(log->segment_count() > segments);
  Entries all = completed;
  const Entries more = some_entries(20, 100);
  all.insert(all.end(), more.begin(), more.end());
  CHECK(go_format::read(dir) == all);
}

TEST_CASE("gaps in the ids are read over") {
  const TemporaryDirectory temp;
  const fs::path dir = temp.path() / "log";
  go_format::write(dir, some_entries(40), 150, 20);
  fs::remove(dir / "rebuf-3");
  fs::remove(dir / "rebuf-9");
  const Entries left = go_format::read(dir);
  CHECK(replay_of(dir) == left);
  CHECK(go_format::read(dir) == left);
}

TEST_CASE("empty segments, which the Go library leaves before a large entry, are read over") {
  const TemporaryDirectory temp;
  const fs::path dir = temp.path() / "log";
  const Entries large = {numbered(1, 400), numbered(2, 500), numbered(3, 20)};
  go_format::write(dir, large, 150, 20);
  REQUIRE(fs::file_size(dir / "rebuf-0") == 0);
  CHECK(replay_of(dir) == large);
}

TEST_CASE("a short last entry is cut off, kept in quarantine, and not swallowed by later ones") {
  const TemporaryDirectory temp;
  const fs::path dir = temp.path() / "log";
  go_format::write(dir, some_entries(2), 1000, 20);
  const std::string whole = read_file(dir / "rebuf.tmp");
  for (std::size_t cut = 1; cut < 12 + numbered(2, 8).size(); ++cut) {
    CAPTURE(cut);
    write_file(dir / "rebuf.tmp", whole.substr(0, whole.size() - cut));
    const auto log = open(dir, small());
    CHECK(*replayed(*log) == some_entries(1));
    // A size begins with seven zero bytes, and these alone are unwritten space.
    const std::size_t left = 12 + numbered(2, 8).size() - cut;
    CHECK(log->stats().damaged_bytes == (left > 7 ? left : 0));
    write_all(*log, some_entries(1, 3));
    REQUIRE(log->close().ok());
    CHECK(is_whole(read_file(dir / "rebuf.tmp")));
    if (cut % 6 == 1) CHECK(go_format::read(dir) == Entries{numbered(1, 7), numbered(3, 9)});
  }
}

TEST_CASE("foreign files are left alone and named") {
  const TemporaryDirectory temp;
  const fs::path dir = temp.path() / "log";
  go_format::write(dir, some_entries(3), 1000, 20);
  const Entries names = {"notes.txt", "rebuf-", "rebuf-01", "rebuf-1x",
                         "rebuf-99999999999999999999"};
  for (const std::string& name : names) write_file(dir / name, "not yours");
  const auto log = open(dir, small());
  CHECK(*replayed(*log) == some_entries(3));
  std::vector<std::string> foreign = log->stats().foreign_files;
  std::sort(foreign.begin(), foreign.end());
  CHECK(foreign == names);
  REQUIRE(log->purge().ok());
  for (const std::string& name : names) CHECK(read_file(dir / name) == "not yours");
}

TEST_CASE("after the Go library purged and began again at 0, a cursor passes nothing over") {
  const TemporaryDirectory temp;
  const fs::path dir = temp.path() / "log";
  Options numbered_entries = small();
  numbered_entries.ordinal_of = [](Bytes data) { return number_of(text_of(data)); };
  {
    const auto log = open(dir, numbered_entries);
    write_all(*log, some_entries(30));
    REQUIRE(log->save_cursor({.position = log->stats().end, .ordinal = 31, .user = {}}).ok());
  }
  for (const auto& file : files_in(dir)) fs::remove(dir / file.first);
  go_format::write(dir, some_entries(20, 100), 150, 20);
  const auto log = open(dir, numbered_entries);
  CHECK(log->cursor_at_open().how == CursorFound::How::fell_back);
  const auto block = log->reader(log->cursor_at_open().cursor.position)->next(1 << 20);
  REQUIRE(block);
  REQUIRE_FALSE(block->entries.empty());
  CHECK(text_of(block->entries.front().data) == numbered(100, 6));
}

TEST_CASE("scan sees what the other reader sees") {
  const TemporaryDirectory temp;
  const fs::path dir = temp.path() / "log";
  go_format::write(dir, some_entries(40), 150, 20);
  Entries seen;
  ScanOptions options;
  options.on_entry = [&](const EntryRef& entry) {
    seen.push_back(text_of(entry.data));
    return Status{};
  };
  const auto report = scan(dir, options);
  REQUIRE(report);
  CHECK(report->clean());
  CHECK(seen == go_format::read(dir));
  CHECK(report->segments.back().active);
  std::uint64_t entries = 0;
  for (const SegmentReport& segment : report->segments) {
    entries += segment.entries;
    CHECK(segment.entry_bytes == fs::file_size(dir / segment.file));
  }
  CHECK(entries == 40);
}

}  // namespace
}  // namespace rebuf::test
