// CRCs of any ranges of a file, each at the price of a few kilobytes however long the range: from
// the CRCs of what stands before its two ends. Without it, bytes that look like sizes at every
// place would make the search for an entry quadratic. Owned by one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "rebuf/file_system.h"

namespace rebuf {

class RangeCrc {
 public:
  // Of ranges in [base, limit) of `file`, which outlives this.
  RangeCrc(File& file, std::uint64_t base, std::uint64_t limit);

  [[nodiscard]] std::uint32_t of(std::uint64_t from, std::uint64_t to);
  [[nodiscard]] std::int64_t error() const { return error_; }  // -errno of the first failed read

 private:
  [[nodiscard]] std::uint32_t up_to(std::uint64_t offset);
  [[nodiscard]] std::uint32_t continued(std::uint32_t crc, std::uint64_t from, std::uint64_t to);

  File& file_;
  const std::uint64_t base_;
  const std::uint64_t spacing_;       // bytes between two marks
  std::vector<std::uint32_t> marks_;  // CRC of [base, base + index * spacing)
  std::vector<std::byte> chunk_;
  std::int64_t error_ = 0;
};

}  // namespace rebuf
