#include "wal/format.h"

#include <endian.h>
#include <isa-l/crc.h>

#include <cstring>

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace rebuf {

namespace {

// isa-l's AVX-512 code returns with the upper parts of the vector registers in use, and whoever
// uses the lower ones next waits 125 ns: ten times as long as the CRC of a kilobyte takes.
#ifdef __x86_64__
__attribute__((target("avx"))) void release_upper_registers() { _mm256_zeroupper(); }
bool has_upper_registers() { return __builtin_cpu_supports("avx"); }
#else
void release_upper_registers() {}
bool has_upper_registers() { return false; }
#endif

}  // namespace

std::uint32_t crc32(Bytes data, std::uint32_t before) {
  const auto* const bytes = reinterpret_cast<const unsigned char*>(data.data());
  const std::uint32_t crc = crc32_gzip_refl(before, bytes, data.size());
  if (has_upper_registers()) release_upper_registers();
  return crc;
}

HeaderBytes encode_header(const Header& header) {
  HeaderBytes bytes;
  const std::uint64_t size = htobe64(header.size);
  const std::uint32_t crc = htobe32(header.crc);
  std::memcpy(bytes.data(), &size, sizeof size);
  std::memcpy(bytes.data() + sizeof size, &crc, sizeof crc);
  return bytes;
}

HeaderBytes header_of(Bytes data) { return encode_header({data.size(), crc32(data)}); }

Header decode_header(const std::byte* at) {
  std::uint64_t size = 0;
  std::uint32_t crc = 0;
  std::memcpy(&size, at, sizeof size);
  std::memcpy(&crc, at + sizeof size, sizeof crc);
  return {be64toh(size), be32toh(crc)};
}

}  // namespace rebuf
