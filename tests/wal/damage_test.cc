// Damage on disk: whatever single bit flips, whatever file ends early, whatever run of bytes turns
// to zeros or rubbish, only the entries that it touches are lost. It is counted, kept in
// quarantine, found by scan, and repaired into a directory that the Go library reads whole.
#include <doctest/doctest.h>

#include <algorithm>
#include <iostream>
#include <random>

#include "rebuf/verify.h"
#include "tests/wal/real/commands.h"
#include "tests/wal/sim/frames.h"
#include "tests/wal/sim/session.h"

namespace rebuf::test {
namespace {

using Entries = std::vector<std::string>;
using Files = std::vector<std::pair<std::string, std::string>>;  // in the order of replay

// Entry data that holds a right entry of its own: a trap for whoever looks for entries byte by
// byte.
std::string nested(std::size_t number) { return numbered(number, 20) + framed(numbered(999, 15)); }

// Three completed segments and the active one, a few entries each.
Files small_directory() {
  Files files = {{"rebuf-0", ""}, {"rebuf-1", ""}, {"rebuf-2", ""}, {"rebuf.tmp", ""}};
  std::size_t number = 0;
  for (auto& [name, content] : files)
    for (int i = 0; i < 3; ++i) {
      ++number;
      content += framed(number % 4 == 0 ? nested(number) : numbered(number, 6 + 5 * (number % 4)));
    }
  return files;
}

Disk disk_with(const Files& files) {
  Disk disk;
  disk.apply({.kind = Change::Kind::make_directory, .inode = disk.unused_inode(), .path = "/log"});
  for (const auto& [name, content] : files) {
    const InodeId inode = disk.unused_inode();
    disk.apply({.kind = Change::Kind::create, .inode = inode, .path = "/log/" + name});
    disk.apply({.kind = Change::Kind::write, .inode = inode, .offset = 0, .data = content});
    disk.apply({.kind = Change::Kind::sync_file, .inode = inode});
  }
  disk.apply({.kind = Change::Kind::sync_directory, .path = "/"});
  disk.apply({.kind = Change::Kind::sync_directory, .path = "/log"});
  return disk;
}

// The entries whose bytes are still what they were.
Entries untouched(const Files& whole, const Files& damaged) {
  Entries left;
  for (std::size_t i = 0; i < whole.size(); ++i)
    for (const Frame& frame : frames_of(whole[i].second)) {
      const std::size_t length = frame.end - frame.begin;
      const std::string_view now = damaged[i].second;
      const bool same =
          frame.end <= now.size() && now.substr(frame.begin, length) == framed(frame.data);
      if (same) left.push_back(frame.data);
    }
  return left;
}

Entries all_entries(const Files& files) { return untouched(files, files); }

// Something that is neither an entry nor, at the end of the active file, unwritten space.
bool shows(const std::string& name, std::string_view content) {
  const std::vector<Frame> frames = frames_of(content);
  content.remove_prefix(frames.empty() ? 0 : frames.back().end);
  if (name == "rebuf.tmp") return content.find_first_not_of('\0') != std::string_view::npos;
  return !content.empty();
}

Options options_on(SimFileSystem& fs) {
  Options options;
  options.file_system = &fs;
  options.ordinal_of = [](Bytes data) { return number_of(text_of(data)); };
  return options;
}

std::uint64_t bytes_in_quarantine(const SimFileSystem& fs) {
  std::uint64_t sum = 0;
  const Disk disk = fs.disk();
  for (const auto& [path, inode] : disk.names())
    if (path.find("/quarantine/") != std::string::npos) sum += disk.content(inode).size();
  return sum;
}

void scan_finds(const Disk& disk, bool damaged) {
  SimFileSystem fs(disk);
  ScanOptions options;
  options.file_system = &fs;
  options.ordinal_of = options_on(fs).ordinal_of;
  options.tail_patience = {};
  const auto report = scan(log_dir, options);
  REQUIRE_MESSAGE(report, report.status().message());
  CHECK(report->clean() == !damaged);
  CHECK(fs.journal_length() == 0);
}

void opens_with(const Disk& disk, const Entries& expected, bool damaged) {
  SimFileSystem fs(disk);
  auto opened = Log::open(log_dir, options_on(fs));
  REQUIRE_MESSAGE(opened, opened.status().message());
  Log& log = **opened;
  const auto found = replayed(log);
  REQUIRE_MESSAGE(found, found.status().message());
  CHECK(*found == expected);
  const Stats stats = log.stats();
  CHECK((stats.damaged_bytes > 0) == damaged);
  CHECK(stats.quarantined_bytes == stats.damaged_bytes);
  CHECK(bytes_in_quarantine(fs) == stats.damaged_bytes);
  REQUIRE(replayed(log));
  CHECK(log.stats().damaged_bytes == stats.damaged_bytes);  // each place once
  CHECK(log.write(bytes_of(numbered(13, 30))).ok());
  REQUIRE(log.close().ok());
  auto again = Log::open(log_dir, options_on(fs));
  REQUIRE_MESSAGE(again, again.status().message());
  Entries and_one = expected;
  and_one.push_back(numbered(13, 30));
  CHECK(*replayed(**again) == and_one);
}

// The repaired directory's files.
Files repaired(const Disk& disk, const Entries& expected) {
  SimFileSystem fs(disk);
  const auto report = repair(log_dir, options_on(fs));
  REQUIRE_MESSAGE(report, report.status().message());
  const Disk after = fs.disk();
  Files files;
  for (const auto& [path, inode] : after.names())
    if (parent(path) == "/log" && path != "/log")
      files.emplace_back(path.substr(5), after.content(inode));
  Entries left;
  for (const auto& [name, content] : files) {  // rebuf-N sort before rebuf.tmp, and N < 10 here
    CHECK(is_whole(content));
    for (const Frame& frame : frames_of(content)) left.push_back(frame.data);
  }
  CHECK(left == expected);
  scan_finds(after, false);
  return files;
}

Files survives(const Files& whole, const Files& damaged) {
  const Entries expected = untouched(whole, damaged);
  const Disk disk = disk_with(damaged);
  bool visible = false;
  for (const auto& [name, content] : damaged) visible = visible || shows(name, content);
  scan_finds(disk, visible);
  opens_with(disk, expected, visible);
  return repaired(disk, expected);
}

TEST_CASE("any flipped bit loses the entry it touches and nothing else") {
  const Files whole = small_directory();
  const TemporaryDirectory temp;
  std::vector<std::filesystem::path> dirs;
  for (std::size_t file = 0; file < whole.size(); ++file)
    for (std::size_t bit = 0; bit < whole[file].second.size() * 8; ++bit) {
      Files damaged = whole;
      char& byte = damaged[file].second[bit / 8];
      byte = static_cast<char>(byte ^ (1 << bit % 8));
      CAPTURE(file);
      CAPTURE(bit);
      const Files files = survives(whole, damaged);
      if (bit % 29 != 0) continue;
      dirs.push_back(temp.path() / std::to_string(dirs.size()));
      std::filesystem::create_directory(dirs.back());
      for (const auto& [name, content] : files) write_file(dirs.back() / name, content);
    }
  // A sample of the repaired directories, for the other reader.
  REQUIRE(dirs.size() > 50);
  const Ran ran = go_format::check(dirs);
  CHECK_MESSAGE(ran.exit_code == 0, ran.output);
}

TEST_CASE("a file that ends early loses what is cut and nothing else") {
  const Files whole = small_directory();
  for (std::size_t file = 0; file < whole.size(); ++file)
    for (std::size_t size = 0; size < whole[file].second.size(); ++size) {
      Files damaged = whole;
      damaged[file].second.resize(size);
      CAPTURE(file);
      CAPTURE(size);
      survives(whole, damaged);
    }
}

TEST_CASE("a run of zeros or rubbish loses the entries it touches and nothing else") {
  const Files whole = small_directory();
  std::mt19937 random(1);
  for (std::size_t file = 0; file < whole.size(); ++file)
    for (const std::size_t length : {12U, 13U, 40U})
      for (std::size_t at = 0; at + length <= whole[file].second.size(); at += 3)
        for (const bool zeros : {true, false}) {
          Files damaged = whole;
          for (std::size_t i = at; i < at + length; ++i)
            damaged[file].second[i] = zeros ? '\0' : static_cast<char>(random());
          CAPTURE(file);
          CAPTURE(at);
          CAPTURE(length);
          CAPTURE(zeros);
          survives(whole, damaged);
        }
}

TEST_CASE("zeros behind the last entry of the active file are unwritten space, no damage") {
  for (const std::size_t zeros : {1U, 11U, 12U, 13U, 24U, 5000U}) {
    CAPTURE(zeros);
    Files files = small_directory();
    const Entries all = all_entries(files);
    files.back().second.append(zeros, '\0');
    scan_finds(disk_with(files), false);
    opens_with(disk_with(files), all, false);
    repaired(disk_with(files), all);
  }
}

TEST_CASE("a last entry that is still being written is not damage to a scan, a torn one is") {
  Files files = small_directory();
  const std::uint64_t before = files.back().second.size();
  files.back().second += framed(numbered(13, 100'000));
  for (const bool grows : {true, false}) {
    CAPTURE(grows);
    SimFileSystem fs(disk_with(files));
    fs.set_hook([&, looks = std::uint64_t{0}](const Asked& asked) mutable {
      if (asked.call != Call::size || !asked.path.ends_with("rebuf.tmp")) return Verdict{};
      if (grows && ++looks >= 5) return Verdict{};
      const auto seen = static_cast<std::int64_t>(before + 5000 * (1 + looks));
      return Verdict{Verdict::Kind::answer, seen};
    });
    ScanOptions options;
    options.file_system = &fs;
    const auto report = scan(log_dir, options);
    REQUIRE_MESSAGE(report, report.status().message());
    CHECK(report->clean() == grows);
    CHECK(report->segments.back().entries == (grows ? 4 : 3));
  }
}

TEST_CASE("twelve zero bytes are never handed out as an entry, wherever they stand") {
  Files files = small_directory();
  const Entries all = all_entries(files);
  const std::size_t first_end = frames_of(files[1].second).front().end;
  files[1].second.insert(first_end, 24, '\0');
  SimFileSystem fs(disk_with(files));
  auto opened = Log::open(log_dir, options_on(fs));
  REQUIRE(opened);
  CHECK(*replayed(**opened) == all);
  CHECK((*opened)->stats().zero_entries_skipped == 2);
  opened = Status(Code::closed, "");
  repaired(fs.disk(), all);
}

TEST_CASE("a huge size is damage, not an allocation") {
  Files files = small_directory();
  for (const char high : {'\x7f', '\xff', '\x00'}) {
    Files damaged = files;
    std::string& content = damaged[1].second;
    const std::size_t second = frames_of(files[1].second)[1].begin;
    content[second] = high;
    content[second + 3] = '\x7f';
    survives(files, damaged);
  }
}

TEST_CASE("what stands after the tail was cut is what replays") {
  // A broken entry whose data ends with a right one, and rubbish behind: whether that inner one is
  // an entry hangs on whether the file ends with it.
  std::string broken = framed(numbered(1, 30) + framed(numbered(2, 20)));
  broken[20] = static_cast<char>(broken[20] ^ 1);
  SimFileSystem fs(disk_with({{"rebuf.tmp", broken + "rubbish"}}));
  Options options = options_on(fs);
  options.ordinal_of = nullptr;
  for (int round = 0; round < 2; ++round) {
    auto opened = Log::open(log_dir, options);
    REQUIRE(opened);
    const auto found = replayed(**opened);
    REQUIRE(found);
    CHECK(((*opened)->stats().bytes == 0) == found->empty());
    CHECK(bytes_in_quarantine(fs) == broken.size() + 7);
  }
}

TEST_CASE("what is written behind damage does not change what the damage is taken for") {
  // A broken entry whose size points to where the next write will end: then the right entry within
  // would look like a part of its data.
  const std::string within = framed("one");
  std::string broken = framed(std::string(within.size() + framed("one more").size(), 'x'));
  broken.resize(12);
  SimFileSystem fs(disk_with({{"rebuf.tmp", broken + within}}));
  Options options = options_on(fs);
  options.ordinal_of = nullptr;
  auto opened = Log::open(log_dir, options);
  REQUIRE(opened);
  REQUIRE((*opened)->write(bytes_of("one more")).ok());
  REQUIRE((*opened)->close().ok());
  opened = Log::open(log_dir, options);
  REQUIRE(opened);
  CHECK(*replayed(**opened) == Entries{"one", "one more"});
}

TEST_CASE("quarantine is bounded, beyond it damage is counted only") {
  Files files = small_directory();
  for (auto& [name, content] : files) content[13] = static_cast<char>(content[13] ^ 1);
  SimFileSystem fs(disk_with(files));
  Options options = options_on(fs);
  options.max_quarantine_bytes = 50;
  auto opened = Log::open(log_dir, options);
  REQUIRE(opened);
  REQUIRE(replayed(**opened));
  const Stats stats = (*opened)->stats();
  CHECK(stats.damaged_bytes > 50);
  CHECK(stats.quarantined_bytes <= 50);
  CHECK(stats.quarantined_bytes > 0);
  CHECK(bytes_in_quarantine(fs) == stats.quarantined_bytes);
}

TEST_CASE("an unreadable active file is no damage: open refuses and changes nothing") {
  SimFileSystem fs(disk_with(small_directory()));
  fs.set_hook([](const Asked& asked) {
    const bool hit = asked.call == Call::pread && asked.path == "/log/rebuf.tmp";
    return hit ? Verdict::fail(EIO) : Verdict{};
  });
  const auto opened = Log::open(log_dir, options_on(fs));
  REQUIRE_FALSE(opened);
  CHECK(opened.status().code() == Code::io);
  CHECK(opened.status().errno_value() == EIO);
  const Disk after = fs.disk();
  for (const auto& [name, content] : small_directory())
    CHECK(after.content(*after.find("/log/" + name)) == content);
}

TEST_CASE("whichever call of a repair fails, the cursor passes no entry that is not delivered") {
  // Of four entries the first two are damaged, and the cursor stands behind the third.
  const std::size_t each = framed(numbered(1, 20)).size();
  SimFileSystem before;
  {
    const auto log = Log::open(log_dir, options_on(before));
    REQUIRE(log);
    for (std::size_t i = 1; i <= 4; ++i) REQUIRE((*log)->write(bytes_of(numbered(i, 20))).ok());
    REQUIRE((*log)->save_cursor({{0, 3 * each}, 4, {}}).ok());
    REQUIRE((*log)->close().ok());
  }
  Disk damaged = before.disk();
  const std::string file = "/log/rebuf.tmp";
  for (const std::size_t end : {each, 2 * each})
    damaged.apply({.kind = Change::Kind::write,
                   .inode = *damaged.find(file),
                   .offset = end - 1,
                   .data = "#"});
  std::size_t failing = 0;
  for (bool done = false; !done; ++failing) {
    CAPTURE(failing);
    SimFileSystem fs(damaged);
    std::size_t calls = 0;
    fs.set_hook([&](const Asked& asked) {
      return calls++ == failing && asked.call != Call::lock ? Verdict::fail(EIO) : Verdict{};
    });
    done = repair(log_dir, options_on(fs)).ok() && calls <= failing;
    fs.set_hook({});
    REQUIRE(repair(log_dir, options_on(fs)).ok());
    const auto log = Log::open(log_dir, options_on(fs));
    REQUIRE(log);
    const std::string content = fs.disk().content(*fs.disk().find(file));
    REQUIRE(frames_of(content).size() == 2);
    CHECK((*log)->cursor_at_open().cursor.position <= Position{0, each});
  }
  CHECK(failing > 10);
}

TEST_CASE("repair refuses a live directory") {
  SimFileSystem fs(disk_with(small_directory()));
  const auto opened = Log::open(log_dir, options_on(fs));
  REQUIRE(opened);
  const auto report = repair(log_dir, options_on(fs));
  REQUIRE_FALSE(report);
  CHECK(report.status().code() == Code::locked);
}

}  // namespace
}  // namespace rebuf::test
