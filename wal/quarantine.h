// Copies of bytes that are not entries, beside the log: <state_dir>/quarantine/<segment>-<offset>-
// <length>, each made once, together at most `most_bytes`. Any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <mutex>

#include "rebuf/file_system.h"
#include "rebuf/position.h"
#include "rebuf/status.h"

namespace rebuf {

class Quarantine {
 public:
  enum class Kept : std::uint8_t { yes, no_room };  // no_room: the bound would be passed

  Quarantine(FileSystem& fs, const std::filesystem::path& state_dir, std::uint64_t most_bytes);

  // Copies [from.offset, from.offset + length) of `file`; durable when it returns. Errors: full,
  // io.
  [[nodiscard]] Result<Kept> keep(File& file, Position from, std::uint64_t length);
  // Moves a whole segment's file here. False: it stays where it is (no room, or another file
  // system).
  [[nodiscard]] bool take(const std::filesystem::path& segment, std::uint64_t bytes);

 private:
  [[nodiscard]] Status prepare();  // mutex_ held
  [[nodiscard]] Status copy(File& file, Position from, std::uint64_t length,
                            const std::filesystem::path& to) const;

  FileSystem& fs_;
  const std::filesystem::path state_dir_;
  const std::filesystem::path dir_;
  const std::uint64_t most_bytes_;

  // Held over the copying too: damage is rare, and two readers may meet the same.
  std::mutex mutex_;
  bool prepared_ = false;         // guarded by mutex_
  std::uint64_t used_bytes_ = 0;  // guarded by mutex_
};

}  // namespace rebuf
