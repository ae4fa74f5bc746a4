#include "wal/cursor_check.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <utility>

#include "wal/format.h"
#include "wal/io.h"
#include "wal/names.h"
#include "wal/recovery.h"

namespace rebuf {

namespace {

struct RightEntry {
  std::uint64_t end = 0;
  std::uint32_t crc = 0;
  std::optional<std::uint64_t> ordinal;
};

std::optional<RightEntry> read_entry(File& file, std::uint64_t offset, std::uint64_t limit,
                                     const OrdinalOf& ordinal_of) {
  HeaderBytes front;
  if (offset >= limit || limit - offset <= header_bytes) return std::nullopt;
  if (read_at(file, front, offset) != static_cast<std::int64_t>(front.size())) return std::nullopt;
  const Header header = decode_header(front.data());
  if (header.size == 0 || header.size > limit - offset - header_bytes) return std::nullopt;
  std::vector<std::byte> data(header.size);
  if (read_at(file, data, offset + header_bytes) != static_cast<std::int64_t>(data.size())) {
    return std::nullopt;
  }
  if (crc32(data) != header.crc) return std::nullopt;
  RightEntry entry{offset + header_bytes + header.size, header.crc, std::nullopt};
  if (ordinal_of) entry.ordinal = ordinal_of(data);
  return entry;
}

}  // namespace

std::shared_ptr<File> open_segment(FileSystem& fs, const std::filesystem::path& dir,
                                   const SegmentSet& segments, SegmentId id) {
  const SegmentSet::Place place = segments.place({id, 0});
  if (place.segment != id) return nullptr;
  if (place.active) return place.file;
  return open_file(fs, dir / segment_name(id), O_RDONLY).file;
}

std::optional<CursorRecord::Before> last_header(File& file, std::uint64_t from, std::uint64_t to) {
  if (from >= to) return std::nullopt;
  std::vector<std::byte> window(std::min<std::uint64_t>(to - from, std::uint64_t{64} << 10));
  std::uint64_t window_offset = 0;
  std::uint64_t window_size = 0;
  std::optional<CursorRecord::Before> last;
  while (from < to) {
    if (to - from < header_bytes) return std::nullopt;
    if (from < window_offset || from + header_bytes > window_offset + window_size) {
      const std::int64_t n = read_at(file, window, from);
      if (n < static_cast<std::int64_t>(header_bytes)) return std::nullopt;
      window_offset = from;
      window_size = static_cast<std::uint64_t>(n);
    }
    const Header header = decode_header(window.data() + (from - window_offset));
    if (header.size == 0 || header.size > to - from - header_bytes) return std::nullopt;
    last = {from, header.crc};
    from += header_bytes + header.size;
  }
  return last;
}

CursorCheck::CursorCheck(FileSystem& fs, const std::filesystem::path& dir,
                         const SegmentSet& segments, const OrdinalOf& ordinal_of)
    : fs_(fs), dir_(dir), segments_(segments), ordinal_of_(ordinal_of) {}

CursorFound CursorCheck::judge(const CursorRecord& record) const {
  CursorFound found{CursorFound::How::exact, *record.cursor, {}};
  found.reason = doubt(record, found.cursor.position);
  if (!found.reason.empty()) found.how = CursorFound::How::fell_back;
  return found;
}

// Empty: none. Moves `position` where it is usable.
std::string CursorCheck::doubt(const CursorRecord& record, Position& position) const {
  const SegmentSet::Place place = segments_.place(position);
  if (place.segment < position.segment) return "it points behind the log";
  if (std::string why = doubt_about_older(*record.cursor); !why.empty()) return why;
  if (place.segment > position.segment) {
    const std::optional<SegmentId> lowest = segments_.lowest();
    if (lowest && *lowest < position.segment) return "its segment is missing";
    position = {place.segment, 0};  // purged, as everything before it
    return {};
  }
  if (position.offset > place.limit) {
    position.offset = place.limit;
    return {};
  }
  std::string why = doubt_about_neighbours(record, place.limit);
  if (why.empty() || !behind_all_entries(position, place.limit)) return why;
  position.offset = place.limit;
  return {};
}

// A power cut may leave a segment its size without its data: its end is behind its last entry.
bool CursorCheck::behind_all_entries(Position position, std::uint64_t limit) const {
  const auto file = open_segment(fs_, dir_, segments_, position.segment);
  if (!file) return false;
  const Result<SurveyedFile> found = survey(*file, position.segment, limit, ordinal_of_);
  return found && found->end < position.offset;
}

std::string CursorCheck::doubt_about_neighbours(const CursorRecord& record,
                                                std::uint64_t limit) const {
  const Cursor& cursor = *record.cursor;
  const std::uint64_t offset = cursor.position.offset;
  const auto file = open_segment(fs_, dir_, segments_, cursor.position.segment);
  if (!file) return offset == 0 ? "" : "its segment cannot be read";
  const auto at = read_entry(*file, offset, limit, ordinal_of_);
  if (record.before) {
    const auto before = read_entry(*file, record.before->offset, limit, ordinal_of_);
    if (!before || before->end != offset || before->crc != record.before->crc) {
      return "the entry before it is another one";
    }
    if (cursor.ordinal != 0 && before->ordinal && *before->ordinal >= cursor.ordinal) {
      return "the ordinal before it is not below its own";
    }
  } else if (offset != 0 && offset != limit && !at) {
    return "no entry stands where it points";
  }
  if (cursor.ordinal != 0 && at && at->ordinal && *at->ordinal != cursor.ordinal) {
    return "the entry that it points to has another ordinal";
  }
  return {};
}

// The Go library begins again at 0 after a purge: then segments with lower numbers are newer.
std::string CursorCheck::doubt_about_older(const Cursor& cursor) const {
  if (!ordinal_of_ || cursor.ordinal == 0) return {};
  const std::optional<SegmentId> lowest = segments_.lowest();
  if (!lowest || *lowest >= cursor.position.segment) return {};
  const SegmentSet::Place place = segments_.place({*lowest, 0});
  const auto file = open_segment(fs_, dir_, segments_, *lowest);
  if (!file) return {};
  const auto first = read_entry(*file, 0, place.limit, ordinal_of_);
  if (!first || (first->ordinal && *first->ordinal < cursor.ordinal)) return {};
  return "a segment with a lower number holds entries that are not older";
}

}  // namespace rebuf
