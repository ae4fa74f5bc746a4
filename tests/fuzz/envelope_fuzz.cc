// Arbitrary bytes as an envelope: decoded inside their bounds, or not at all; what is decoded
// encodes to the same bytes.
#include <cstdint>

#include "daemon/envelope.h"
#include "tests/fuzz/check.h"

namespace rebuf::test {
namespace {

constexpr std::size_t at_flags = 5;

void decode_and_encode(std::span<const std::byte> data) {
  const auto envelope = daemon::decode(data);
  if (!envelope) return;
  std::size_t headers = 0;
  for (const sinks::Header header : envelope->headers)
    headers += header.name.size() + header.value.size();
  check(headers <= data.size(), "headers lie inside");
  check(daemon::ordinal_of(data) == envelope->ordinal, "the ordinal alone is the same");
  if ((data[at_flags] & std::byte{0xFE}) != std::byte{0}) return;  // flags of a later version
  std::string again;
  daemon::encode(*envelope, again);
  const std::string_view before(reinterpret_cast<const char*>(data.data()), data.size());
  check(again == before, "it encodes to what it was");
  check(daemon::encoded_size(*envelope) == data.size(), "its size is known beforehand");
}

}  // namespace
}  // namespace rebuf::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  rebuf::test::decode_and_encode(std::as_bytes(std::span(data, size)));
  return 0;
}
