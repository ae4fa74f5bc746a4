// Arbitrary bytes in any file of a log directory: it opens, or refuses in order; nothing crashes,
// allocates without bound, hands out an entry whose bytes do not stand there, or loses on a second
// opening what the first one gave; scan agrees, repair leaves whole files.
//
// Input: [file u8][length u16, big-endian][bytes] again and again; the last may be short.
#include <algorithm>
#include <array>
#include <cstdint>

#include "rebuf/verify.h"
#include "tests/fuzz/check.h"
#include "tests/wal/sim/frames.h"
#include "tests/wal/sim/session.h"

namespace rebuf::test {
namespace {

using Kind = Change::Kind;

constexpr std::array<const char*, 9> files = {
    "/log/rebuf.tmp",    "/log/rebuf-0",          "/log/rebuf-1",
    "/log/rebuf-7",      "/log/rebuf-12",         "/log/notes.txt",
    "/log.state/cursor", "/log.state/cursor.tmp", "/log.state/quarantine/0-0-12"};

void add(Disk& disk, const std::string& path, const std::string& content) {
  auto inode = disk.find(path);
  if (!inode) {
    inode = disk.unused_inode();
    disk.apply({.kind = Kind::create, .inode = *inode, .path = path});
  }
  disk.apply({.kind = Kind::write,
              .inode = *inode,
              .offset = disk.content(*inode).size(),
              .data = content});
  disk.apply({.kind = Kind::sync_file, .inode = *inode});
}

Disk disk_from(std::string_view input) {
  Disk disk;
  for (const char* dir : {"/log", "/log.state", "/log.state/quarantine"})
    disk.apply({.kind = Kind::make_directory, .inode = disk.unused_inode(), .path = dir});
  while (input.size() >= 3) {
    const auto byte = [&](std::size_t i) {
      return std::size_t{static_cast<unsigned char>(input[i])};
    };
    const char* path = files.at(byte(0) % files.size());
    const std::size_t length = byte(1) << 8 | byte(2);
    input.remove_prefix(3);
    add(disk, path, std::string(input.substr(0, length)));
    input.remove_prefix(std::min(length, input.size()));
  }
  for (const char* dir : {"/", "/log", "/log.state", "/log.state/quarantine"})
    disk.apply({.kind = Kind::sync_directory, .path = dir});
  return disk;
}

Options options_on(SimFileSystem& fs) {
  Options options;
  options.max_log_size = 4096;
  options.max_segments = 100;
  options.file_system = &fs;
  return options;
}

void nothing_is_invented(const Disk& disk, const std::vector<std::string>& entries) {
  for (const std::string& entry : entries) {
    check(!entry.empty(), "no entry is empty");
    const bool stands = std::any_of(files.begin(), files.begin() + 5, [&](const char* path) {
      const auto inode = disk.find(path);
      return inode && disk.content(*inode).find(framed(entry)) != std::string::npos;
    });
    check(stands, "each entry's bytes stand in a segment");
  }
}

// An independent reader of the format reads each file up to its first break; all of that is there,
// in order.
void the_other_reader_agrees(const Disk& disk, const std::vector<std::string>& entries) {
  auto at = entries.begin();
  for (const char* path :
       {"/log/rebuf-0", "/log/rebuf-1", "/log/rebuf-7", "/log/rebuf-12", "/log/rebuf.tmp"}) {
    const auto inode = disk.find(path);
    if (!inode) continue;
    for (const Frame& frame : frames_of(disk.content(*inode))) {
      at = std::find(at, entries.end(), frame.data);
      check(at != entries.end(), "what the other reader reads is there, in order");
      ++at;
    }
  }
}

// `opened`: as the log left it. `found`: as it was before.
void scan_and_repair(const Disk& opened, const Disk& found,
                     const std::vector<std::string>& entries) {
  SimFileSystem fs(opened);
  std::vector<std::string> scanned;
  ScanOptions options;
  options.file_system = &fs;
  options.tail_patience = {};
  options.on_entry = [&](const EntryRef& entry) {
    scanned.push_back(text_of(entry.data));
    return Status{};
  };
  check(scan(log_dir, options).ok(), "scan reads anything");
  check(fs.journal_length() == 0, "scan changes nothing");
  check(scanned == entries, "scan and replay see the same");
  SimFileSystem broken(found);
  check(repair(log_dir, options_on(broken)).ok(), "repair mends anything");
  const Disk after = broken.disk();
  for (const auto& [path, inode] : after.names())
    if (path.starts_with("/log/rebuf")) check(is_whole(after.content(inode)), "repaired is whole");
}

void open_and_replay(std::string_view input) {
  const Disk disk = disk_from(input);
  SimFileSystem fs(disk);
  auto opened = Log::open(log_dir, options_on(fs));
  check(opened.ok(), "anything opens");
  auto entries = replayed(**opened);
  check(entries.ok(), "anything replays");
  nothing_is_invented(disk, *entries);
  the_other_reader_agrees(disk, *entries);
  const auto reader = (*opened)->reader((*opened)->cursor_at_open().cursor.position);
  check(reader->next(1U << 20).ok(), "a reader at the cursor reads");
  scan_and_repair(fs.disk(), disk, *entries);

  entries->push_back("one more");
  check((*opened)->write(bytes_of("one more")).ok(), "it is written on");
  check((*opened)->close().ok(), "it closes");
  opened = Log::open(log_dir, options_on(fs));
  check(opened.ok(), "it opens again");
  const auto again = replayed(**opened);
  check(again.ok() && *again == *entries, "a second opening gives the same");
}

}  // namespace
}  // namespace rebuf::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  rebuf::test::open_and_replay({reinterpret_cast<const char*>(data), size});
  return 0;
}
