#include "wal/range_crc.h"

#include <zlib.h>

#include <algorithm>
#include <cerrno>

#include "wal/format.h"
#include "wal/io.h"

namespace rebuf {

namespace {
constexpr std::uint64_t least_spacing = 4096;
constexpr std::uint64_t most_marks = 65'536;
}  // namespace

RangeCrc::RangeCrc(File& file, std::uint64_t base, std::uint64_t limit)
    : file_(file),
      base_(base),
      spacing_(std::max(least_spacing, (limit - base) / most_marks + 1)),
      marks_{0},
      chunk_(least_spacing) {}

std::uint32_t RangeCrc::of(std::uint64_t from, std::uint64_t to) {
  // CRCs are linear: the one up to `to` is the one up to `from`, moved on, and the range's.
  const auto moved = crc32_combine(up_to(from), 0, static_cast<z_off_t>(to - from));
  return up_to(to) ^ static_cast<std::uint32_t>(moved);
}

std::uint32_t RangeCrc::up_to(std::uint64_t offset) {
  const std::uint64_t index = (offset - base_) / spacing_;
  while (marks_.size() <= index) {
    const std::uint64_t mark = base_ + (marks_.size() - 1) * spacing_;
    marks_.push_back(continued(marks_.back(), mark, mark + spacing_));
  }
  return continued(marks_[index], base_ + index * spacing_, offset);
}

std::uint32_t RangeCrc::continued(std::uint32_t crc, std::uint64_t from, std::uint64_t to) {
  while (from < to && error_ == 0) {
    const auto part = std::span(chunk_).first(std::min<std::uint64_t>(to - from, chunk_.size()));
    const std::int64_t n = read_at(file_, part, from);
    if (n != static_cast<std::int64_t>(part.size())) {
      error_ = n < 0 ? n : -EIO;
      break;
    }
    crc = crc32(part, crc);
    from += part.size();
  }
  return crc;
}

}  // namespace rebuf
