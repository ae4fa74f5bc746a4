// The file <state_dir>/cursor: a reader's durable place, and the number that the next segment gets
// at least, so that numbers are not used again when a purge left no segment behind.
//
// Layout, big-endian: magic "rebufcur", version u32, flags u32 (1: has a cursor, 2: has an entry
// before it), segment u64, offset u64, ordinal u64, next segment u64, offset of the entry before
// u64, its CRC u32, length of user data u32, user data, CRC-32 of all of this u32.
//
// It is replaced as a whole: temporary, fsync, rename, fsync of the directory. The next temporary
// is allocated ahead, so that a full disk does not stop the cursor. One caller at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "rebuf/cursor.h"
#include "rebuf/file_system.h"
#include "rebuf/options.h"
#include "rebuf/status.h"

namespace rebuf {

struct CursorRecord {
  static constexpr std::size_t most_user_bytes = 4096;

  struct Before {
    std::uint64_t offset = 0;  // of its header; it ends at the cursor's position
    std::uint32_t crc = 0;
  };
  std::optional<Cursor> cursor;  // empty: only the next segment is kept
  std::optional<Before> before;
  SegmentId next_segment = 0;
};

[[nodiscard]] std::vector<std::byte> encode_cursor(const CursorRecord& record);
[[nodiscard]] std::optional<CursorRecord> decode_cursor(Bytes bytes);  // empty: not a cursor file

class CursorStore {
 public:
  CursorStore(FileSystem& fs, const std::filesystem::path& state_dir);

  struct Loaded {
    CursorRecord record;
    bool unreadable = false;  // there is a file, and it is not a cursor file
  };
  [[nodiscard]] Result<Loaded> load();
  // Durable when it returns. Errors: full, io; the old one stands then, or the new one.
  [[nodiscard]] Status save(const CursorRecord& record);
  // Allocates the next save's file. Best effort: what fails here is tried again by the next save.
  void allocate_temporary();

 private:
  [[nodiscard]] Status write_temporary(Bytes bytes);

  FileSystem& fs_;
  const std::filesystem::path dir_;
  const std::filesystem::path path_;
  const std::filesystem::path temporary_;
};

}  // namespace rebuf
