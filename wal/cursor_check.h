// Whether a stored cursor still points to what it pointed to. Falling back costs duplicates, a
// wrong cursor would cost messages, so every doubt falls back. Reads a few entries; one thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "rebuf/cursor.h"
#include "rebuf/file_system.h"
#include "wal/block_reader.h"
#include "wal/cursor_store.h"
#include "wal/segment_set.h"

namespace rebuf {

// Null when it is not there or cannot be opened.
[[nodiscard]] std::shared_ptr<File> open_segment(FileSystem& fs, const std::filesystem::path& dir,
                                                 const SegmentSet& segments, SegmentId id);

// Walks the headers from one entry's beginning to `to`: the last entry before it. Empty when the
// walk does not end there.
[[nodiscard]] std::optional<CursorRecord::Before> last_header(File& file, std::uint64_t from,
                                                              std::uint64_t to);

class CursorCheck {
 public:
  CursorCheck(FileSystem& fs, const std::filesystem::path& dir, const SegmentSet& segments,
              const OrdinalOf& ordinal_of);

  // exact, its position moved to its segment's end if it was past it and on to the next segment if
  // its own was purged; or fell_back with a reason.
  [[nodiscard]] CursorFound judge(const CursorRecord& record) const;

 private:
  [[nodiscard]] std::string doubt(const CursorRecord& record, Position& position) const;
  [[nodiscard]] bool behind_all_entries(Position position, std::uint64_t limit) const;
  [[nodiscard]] std::string doubt_about_neighbours(const CursorRecord& record,
                                                   std::uint64_t limit) const;
  [[nodiscard]] std::string doubt_about_older(const Cursor& cursor) const;

  FileSystem& fs_;
  const std::filesystem::path& dir_;
  const SegmentSet& segments_;
  const OrdinalOf& ordinal_of_;
};

}  // namespace rebuf
