#include "tests/wal/sim/frames.h"

namespace rebuf::test {
namespace {

constexpr std::size_t header_bytes = 12;

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

std::string big_endian(std::uint64_t value, std::size_t bytes) {
  std::string text;
  for (std::size_t i = bytes; i-- > 0;) text.push_back(static_cast<char>(value >> (8 * i) & 0xFF));
  return text;
}

}  // namespace

std::uint32_t crc32_ieee(std::string_view data) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (const char c : data) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320U : 0);
  }
  return ~crc;
}

std::string framed(std::string_view data) {
  return big_endian(data.size(), 8) + big_endian(crc32_ieee(data), 4) + std::string(data);
}

std::vector<Frame> frames_of(std::string_view content) {
  std::vector<Frame> frames;
  std::size_t at = 0;
  while (content.size() - at >= header_bytes) {
    const std::uint64_t size = big_endian(content.substr(at, 8));
    if (size == 0 || size > content.size() - at - header_bytes) break;
    const std::string_view data = content.substr(at + header_bytes, size);
    if (crc32_ieee(data) != big_endian(content.substr(at + 8, 4))) break;
    frames.push_back({at, at + header_bytes + size, std::string(data)});
    at += header_bytes + size;
  }
  return frames;
}

bool is_whole(std::string_view content) {
  const std::vector<Frame> frames = frames_of(content);
  return (frames.empty() ? 0 : frames.back().end) == content.size();
}

}  // namespace rebuf::test
