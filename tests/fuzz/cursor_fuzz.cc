// Arbitrary bytes in the cursor's file, with a right checksum so that they get past it: the log
// opens, the position is usable, and a cursor that is not exact gives every entry again.
#include <cstdint>

#include "tests/fuzz/check.h"
#include "tests/wal/sim/frames.h"
#include "tests/wal/sim/session.h"

namespace rebuf::test {
namespace {

std::string with_checksum(std::string content) {
  const std::uint32_t crc = crc32_ieee(content);
  for (int shift = 24; shift >= 0; shift -= 8)
    content.push_back(static_cast<char>(crc >> shift & 0xFF));
  return content;
}

Disk disk_with_cursor(const std::string& cursor) {
  using Kind = Change::Kind;
  SimFileSystem fs;
  Options options;
  options.max_log_size = 60;
  options.file_system = &fs;
  {
    auto log = Log::open(log_dir, options);
    check(log.ok(), "an empty log opens");
    for (std::size_t i = 1; i <= 6; ++i)
      check((*log)->write(bytes_of(numbered(i, 20))).ok(), "it is written");
    check((*log)->save_cursor({}).ok(), "the cursor's file is made");
  }
  Disk disk = fs.disk();
  const auto inode = disk.find("/log.state/cursor");
  check(inode.has_value(), "the cursor's file is there");
  disk.apply({.kind = Kind::resize, .inode = *inode, .offset = 0});
  disk.apply({.kind = Kind::write, .inode = *inode, .offset = 0, .data = cursor});
  disk.apply({.kind = Kind::sync_file, .inode = *inode});
  return disk;
}

void open_at(const std::string& cursor) {
  SimFileSystem fs(disk_with_cursor(cursor));
  Options options;
  options.max_log_size = 60;
  options.file_system = &fs;
  const auto log = Log::open(log_dir, options);
  check(log.ok(), "any cursor opens");
  const CursorFound& found = (*log)->cursor_at_open();
  check(found.cursor.user.size() <= 4096, "user bytes are bounded");
  const auto reader = (*log)->reader(found.cursor.position);
  std::size_t entries = 0;
  for (bool more = true; more;) {
    const auto block = reader->next(1U << 20);
    check(block.ok(), "a reader at the cursor reads");
    entries += block->entries.size();
    more = !block->at_end;
  }
  if (found.how != CursorFound::How::exact)
    check(entries == 6, "a cursor that does not hold gives every entry");
  check((*log)->write(bytes_of("one more")).ok(), "it is written on");
}

}  // namespace
}  // namespace rebuf::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string cursor(reinterpret_cast<const char*>(data), size);
  rebuf::test::open_at(rebuf::test::with_checksum(cursor));
  return 0;
}
