#include "wal/block_reader.h"

#include <algorithm>
#include <utility>

#include "wal/format.h"
#include "wal/io.h"

namespace rebuf {

BlockReader::BlockReader(OrdinalOf ordinal_of) : ordinal_of_(std::move(ordinal_of)) {
  if (ordinal_of_) judge_ = [this](const FoundEntry& found) { return believe(found); };
}

namespace {

// After a failed read: what to try instead, so that what stands before a bad sector is had. 0: the
// bad sector is the next.
std::uint64_t less_than(std::uint64_t bytes, std::uint64_t offset) {
  constexpr std::uint64_t page_bytes = 4096;
  const std::uint64_t to_page_end = page_bytes - offset % page_bytes;
  if (bytes <= to_page_end) return 0;
  const std::uint64_t half = (offset + bytes / 2) / page_bytes * page_bytes;
  return half > offset ? half - offset : to_page_end;
}

}  // namespace

Result<BlockReader::Read> BlockReader::read(File& file, const Extent& extent, std::size_t max_bytes,
                                            Block& block) {
  const std::uint64_t there = extent.limit - extent.offset;
  std::uint64_t want = std::min<std::uint64_t>(std::max<std::size_t>(max_bytes, 4096), there);
  std::int64_t failed = 0;  // -errno of a read of more than `want`
  for (;;) {
    std::shared_ptr<std::byte> memory = memory_.take(want);
    const std::int64_t n = read_at(file, {memory.get(), want}, extent.offset);
    if (n < 0) {
      failed = n;
      want = less_than(want, extent.offset);
      if (want == 0) return io_error("read segment", {}, failed);
      continue;
    }
    const Bytes bytes(memory.get(), static_cast<std::size_t>(n));
    const Parsed parsed = parse(bytes, extent, block.entries);
    if (parsed.used > 0) {
      block.memory = std::move(memory);
      if (ordinal_of_) neighbour_ = ordinal_of_(block.entries.back().data);
      passed_over_ = 0;
      return Read{extent.offset + parsed.used};
    }
    const bool all_read = bytes.size() < want;  // the file is shorter than it was said to be
    if (parsed.stop != Stop::incomplete || all_read) return pass_over(file, extent, block);
    if (failed != 0) return io_error("read segment", {}, failed);  // within the next entry
    want = parsed.needed;
  }
}

BlockReader::Parsed BlockReader::parse(Bytes bytes, const Extent& extent,
                                       std::vector<EntryRef>& entries) {
  const std::uint64_t there = extent.limit - extent.offset;
  Parsed parsed;
  while (parsed.used < there) {
    const std::uint64_t at = parsed.used;
    if (there - at < header_bytes) {
      parsed.stop = Stop::broken;
      break;
    }
    const std::uint64_t in_memory = bytes.size() - at;
    if (in_memory < header_bytes) {
      parsed.stop = Stop::incomplete;
      parsed.needed = header_bytes;
      break;
    }
    const Header header = decode_header(bytes.data() + at);
    if (header.size == 0 || header.size > there - at - header_bytes) {
      parsed.stop = Stop::broken;
      break;
    }
    const std::uint64_t framed = header_bytes + header.size;
    if (in_memory < framed) {
      parsed.stop = Stop::incomplete;
      parsed.needed = framed;
      break;
    }
    const Bytes data = bytes.subspan(at + header_bytes, header.size);
    if (crc32(data) != header.crc) {
      parsed.stop = Stop::broken;
      break;
    }
    entries.push_back({{extent.segment, extent.offset + at},
                       {extent.segment, extent.offset + at + framed},
                       data});
    parsed.used += framed;
  }
  return parsed;
}

Result<BlockReader::Read> BlockReader::pass_over(File& file, const Extent& extent, Block& block) {
  EntrySearch search(file, extent.offset, extent.limit, judge_);
  const Result<Gap> gap = search.run();
  if (!gap) return gap.status();
  const std::uint64_t length = gap->end - extent.offset;
  passed_over_ += length;
  if (gap->all_zero && length % header_bytes == 0)
    return Read{gap->end, length / header_bytes, true};
  block.damages.push_back({{extent.segment, extent.offset}, length, gap->reason});
  return Read{gap->end, 0, gap->all_zero};
}

// The caller's ordinals are dense, so what was passed over bounds how far they can have gone on.
bool BlockReader::believe(const FoundEntry& found) const {
  if (!neighbour_ || !*neighbour_) return true;
  const std::optional<std::uint64_t> ordinal = ordinal_of_(found.data);
  if (!ordinal) return found.header_points_here;
  const std::uint64_t most_between = (passed_over_ + found.skipped) / smallest_entry_bytes;
  return *ordinal > **neighbour_ && *ordinal - **neighbour_ - 1 <= most_between;
}

void BlockReader::forget_neighbours() {
  neighbour_.reset();
  passed_over_ = 0;
}

}  // namespace rebuf
