#include "wal/names.h"

#include <charconv>

namespace rebuf {

namespace {
constexpr std::string_view prefix = "rebuf-";
}

std::string segment_name(SegmentId id) { return std::string(prefix) + std::to_string(id); }

std::optional<SegmentId> parse_segment_name(std::string_view name) {
  if (!name.starts_with(prefix)) return std::nullopt;
  const std::string_view digits = name.substr(prefix.size());
  SegmentId id = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), id);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  if (digits.size() > 1 && digits.front() == '0') return std::nullopt;
  if (id >= max_segment_id) return std::nullopt;
  return id;
}

}  // namespace rebuf
