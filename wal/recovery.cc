#include "wal/recovery.h"

#include <utility>

namespace rebuf {

namespace {

constexpr std::size_t block_bytes = std::size_t{256} << 10;

Result<SurveyedFile> survey_once(File& file, SegmentId segment, std::uint64_t size,
                                 const OrdinalOf& ordinal_of) {
  BlockReader reader(ordinal_of);
  SurveyedFile found;
  std::uint64_t offset = 0;
  // Of what was found, the part before `end`; and whether a byte behind `end` is not zero.
  std::size_t zero_entries = 0;
  std::size_t damages = 0;
  bool tail_holds_data = false;
  while (offset < size) {
    Block block;
    const auto read = reader.read(file, {segment, offset, size}, block_bytes, block);
    if (!read) return read.status();
    if (read->zero_entries > 0) {
      found.zero_entries.push_back({{segment, offset}, read->zero_entries});
    }
    for (Damage& damage : block.damages) found.damages.push_back(std::move(damage));
    tail_holds_data = tail_holds_data || !read->all_zero;
    if (!block.entries.empty()) {
      found.entries += block.entries.size();
      found.end = block.entries.back().end.offset;
      if (ordinal_of) found.ordinal = ordinal_of(block.entries.back().data);
      zero_entries = found.zero_entries.size();
      damages = found.damages.size();
      tail_holds_data = false;
    }
    offset = read->next;
  }
  if (tail_holds_data) {
    found.tail = {{segment, found.end}, size - found.end, "torn tail"};
  }
  found.zero_entries.resize(zero_entries);
  found.damages.resize(damages);
  return found;
}

}  // namespace

// Where a file ends has a say in what the broken bytes before its end are taken for. So what is
// left when the tail is cut off is looked at again, until readers will see the same.
Result<SurveyedFile> survey(File& file, SegmentId segment, std::uint64_t size,
                            const OrdinalOf& ordinal_of) {
  bool tail_holds_data = false;
  for (std::uint64_t limit = size;;) {
    Result<SurveyedFile> found = survey_once(file, segment, limit, ordinal_of);
    if (!found) return found;
    tail_holds_data = tail_holds_data || found->tail;
    const bool unbroken = found->damages.empty() && found->zero_entries.empty();
    if (!unbroken && found->end < limit) {
      limit = found->end;
      continue;
    }
    if (tail_holds_data) found->tail = {{segment, found->end}, size - found->end, "torn tail"};
    return found;
  }
}

}  // namespace rebuf
