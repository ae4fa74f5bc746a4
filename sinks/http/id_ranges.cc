#include "sinks/http/id_ranges.h"

namespace rebuf::sinks::http {
namespace {

// 32 digits, '+', a count, and the comma before the range.
constexpr std::size_t longest_range = 32 + 1 + 20 + 1;

// The next message's id; the 40 bits of the count never overflow.
MessageId successor(MessageId id) {
  for (auto byte = id.bytes.rbegin(); byte != id.bytes.rend() && ++*byte == 0;) ++byte;
  return id;
}

}  // namespace

bool IdRanges::add(const MessageId& id) {
  if (count_ == 0 || id != next_) {
    std::string before = text();
    if (before.size() + longest_range > id_ranges_max_bytes) return false;
    closed_ = std::move(before);
    first_ = id;
    count_ = 0;
  }
  ++count_;
  next_ = successor(id);
  return true;
}

std::string IdRanges::text() const {
  if (count_ == 0) return {};
  return closed_ + (closed_.empty() ? "" : ",") + first_.hex() + "+" + std::to_string(count_);
}

}  // namespace rebuf::sinks::http
