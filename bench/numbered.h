// Numbered messages: what a load sent can be found again in a topic, whatever a forwarder wrapped
// around it. `#CONNECTION.NUMBER#` stands in each value; a connection numbers its messages 0, 1, …
// in the order in which it sends them.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rebuf::bench {

struct Numbered {
  std::uint32_t connection = 0;
  std::uint32_t number = 0;
};

// `bytes` long, or as long as the mark takes.
inline std::string numbered_value(Numbered of, std::size_t bytes) {
  std::string value = "#" + std::to_string(of.connection) + "." + std::to_string(of.number) + "#";
  if (value.size() < bytes) value.resize(bytes, 'x');
  return value;
}

inline std::optional<Numbered> find_numbered(std::string_view value) {
  const std::size_t mark = value.find('#');
  if (mark == std::string_view::npos) return std::nullopt;
  const char* const end = value.data() + value.size();
  Numbered found;
  const auto connection = std::from_chars(value.data() + mark + 1, end, found.connection);
  if (connection.ec != std::errc() || connection.ptr == end || *connection.ptr != '.')
    return std::nullopt;
  const auto number = std::from_chars(connection.ptr + 1, end, found.number);
  if (number.ec != std::errc() || number.ptr == end || *number.ptr != '#') return std::nullopt;
  return found;
}

}  // namespace rebuf::bench
