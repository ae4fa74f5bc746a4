#include "wal/format.h"

#include <endian.h>
#include <isa-l/crc.h>

#include <cstring>

namespace rebuf {

std::uint32_t crc32(Bytes data, std::uint32_t before) {
  return crc32_gzip_refl(before, reinterpret_cast<const unsigned char*>(data.data()), data.size());
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
