// One entry on disk: [8-byte big-endian size][4-byte big-endian CRC-32 (IEEE) of data][data].
// Pure functions: no I/O, any thread. docs/wal_format.md is the page.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "rebuf/options.h"

namespace rebuf {

inline constexpr std::uint64_t header_bytes = 12;
inline constexpr std::uint64_t smallest_entry_bytes = header_bytes + 1;  // none is empty
using HeaderBytes = std::array<std::byte, header_bytes>;

struct Header {
  std::uint64_t size = 0;  // bytes of data; untrusted when read from disk
  std::uint32_t crc = 0;

  // Twelve zero bytes are a right empty entry by the format, but also what a power cut leaves:
  // never written, never handed out.
  [[nodiscard]] bool all_zero() const { return size == 0 && crc == 0; }
};

// CRC-32 (IEEE 802.3, as zlib's). `before` continues the CRC of the bytes before `data`.
[[nodiscard]] std::uint32_t crc32(Bytes data, std::uint32_t before = 0);

[[nodiscard]] HeaderBytes encode_header(const Header& header);
[[nodiscard]] HeaderBytes header_of(Bytes data);
[[nodiscard]] Header decode_header(const std::byte* at);  // reads header_bytes

}  // namespace rebuf
