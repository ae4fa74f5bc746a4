#include "wal/entry_search.h"

#include <algorithm>
#include <optional>

#include "wal/format.h"
#include "wal/io.h"

namespace rebuf {

namespace {

constexpr std::size_t window_bytes = std::size_t{256} << 10;

bool is_zero(std::byte b) { return b == std::byte{0}; }

std::string why_broken(const std::optional<Header>& header, std::uint64_t room) {
  if (!header) return "cut short";
  if (header->size == 0) return "no entry";
  if (header->size > room) return "size beyond the segment";
  return "bad CRC";
}

}  // namespace

EntrySearch::EntrySearch(File& file, std::uint64_t broken, std::uint64_t limit, const Judge& judge)
    : file_(file), broken_(broken), limit_(limit), judge_(judge) {}

Result<Gap> EntrySearch::run() {
  const std::uint64_t asked = limit_;
  const std::int64_t size = file_.size();
  if (size < 0) return io_error("fstat behind damage", {}, size);
  limit_ = std::min(limit_, static_cast<std::uint64_t>(size));
  if (broken_ >= limit_) return Gap{asked, false, "cut short"};
  Gap gap = search();
  if (error_ != 0) return io_error("read behind damage", {}, error_);
  if (gap.end == limit_ && limit_ < asked) {
    gap.end = asked;  // what is not there is damage too
    gap.all_zero = false;
  }
  return gap;
}

Gap EntrySearch::search() {
  const Bytes front = view(broken_, header_bytes);
  std::optional<Header> header;
  if (front.size() >= header_bytes) header = decode_header(front.data());
  const std::uint64_t room = header ? limit_ - broken_ - header_bytes : 0;
  Gap gap{limit_, false, why_broken(header, room)};
  const std::uint64_t pointed = header ? pointed_to(*header) : 0;
  for (std::uint64_t at = next_plausible(broken_ + 1); at < limit_ && error_ == 0;
       at = next_plausible(at + 1)) {
    if (!entry_at(at)) continue;
    const bool before_pointed = at < pointed;
    if (before_pointed) {
      const std::uint64_t data = broken_ + header_bytes;
      if (at <= data || crc_of(data, at - data) != header->crc) continue;
    }
    if (!believed(at, before_pointed || at == pointed)) continue;
    gap.end = at;
    break;
  }
  gap.all_zero = first_nonzero(broken_) >= gap.end;
  if (gap.all_zero) gap.reason = "zero bytes";
  return gap;
}

// Where the broken entry's header says that the next one begins; 0 when none does.
std::uint64_t EntrySearch::pointed_to(const Header& header) {
  const std::uint64_t room = limit_ - broken_ - header_bytes;
  if (header.size == 0 || header.size > room) return 0;
  const std::uint64_t pointed = broken_ + header_bytes + header.size;
  return pointed == limit_ || entry_at(pointed) ? pointed : 0;
}

std::uint64_t EntrySearch::next_plausible(std::uint64_t offset) {
  while (offset + header_bytes < limit_) {
    const Bytes seen = view(offset, header_bytes);
    if (seen.size() < header_bytes) break;
    const std::size_t last = seen.size() - header_bytes;
    for (std::size_t i = 0; i <= last; ++i) {
      const std::uint64_t size = decode_header(seen.data() + i).size;
      const std::uint64_t at = offset + i;
      if (size > 0 && at + header_bytes < limit_ && size <= limit_ - at - header_bytes) return at;
    }
    offset += last + 1;
  }
  return limit_;
}

std::uint64_t EntrySearch::first_nonzero(std::uint64_t offset) {
  while (offset < limit_) {
    const Bytes seen = view(offset, 1);
    if (seen.empty()) return offset;  // the file ends here: nothing is not zeros
    const auto found = std::find_if_not(seen.begin(), seen.end(), is_zero);
    offset += static_cast<std::uint64_t>(found - seen.begin());
    if (found != seen.end()) return offset;
  }
  return limit_;
}

bool EntrySearch::entry_at(std::uint64_t offset) {
  if (offset + header_bytes >= limit_) return false;
  const Bytes seen = view(offset, header_bytes);
  if (seen.size() < header_bytes) return false;
  const Header header = decode_header(seen.data());
  if (header.size == 0 || header.size > limit_ - offset - header_bytes) return false;
  return crc_of(offset + header_bytes, header.size) == header.crc && error_ == 0;
}

bool EntrySearch::believed(std::uint64_t offset, bool header_points_here) {
  if (!judge_) return true;
  const Bytes seen = view(offset, header_bytes);
  if (seen.size() < header_bytes) return false;
  std::vector<std::byte> data(decode_header(seen.data()).size);
  const std::int64_t n = read_at(file_, data, offset + header_bytes);
  if (n != static_cast<std::int64_t>(data.size())) {
    if (n < 0) error_ = n;
    return false;
  }
  return judge_({data, offset - broken_, header_points_here});
}

std::uint32_t EntrySearch::crc_of(std::uint64_t offset, std::uint64_t size) {
  if (offset >= window_offset_ && offset - window_offset_ <= window_.size() &&
      size <= window_.size() - (offset - window_offset_)) {
    return crc32(Bytes(window_).subspan(offset - window_offset_, size));
  }
  if (!crcs_) crcs_.emplace(file_, broken_, limit_);
  const std::uint32_t crc = crcs_->of(offset, offset + size);
  if (crcs_->error() != 0) error_ = crcs_->error();
  return crc;
}

Bytes EntrySearch::view(std::uint64_t offset, std::size_t least) {
  const bool inside = offset >= window_offset_ && offset - window_offset_ < window_.size();
  const std::size_t from = inside ? static_cast<std::size_t>(offset - window_offset_) : 0;
  const bool to_limit = inside && window_offset_ + window_.size() >= limit_;
  if (inside && (to_limit || window_.size() - from >= least)) return Bytes(window_).subspan(from);
  window_.resize(std::min<std::uint64_t>(window_bytes, limit_ - offset));
  window_offset_ = offset;
  const std::int64_t n = read_at(file_, window_, offset);
  if (n < 0) error_ = n;
  window_.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
  return window_;
}

}  // namespace rebuf
