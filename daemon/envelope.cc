#include "daemon/envelope.h"

#include <endian.h>

#include <cstring>

namespace rebuf::daemon {
namespace {

constexpr std::array<unsigned char, 4> magic{0xF5, 'r', 'b', 'e'};
constexpr unsigned char version = 1;
constexpr unsigned char flag_key = 1;

// Offsets of the fixed part; see the table in the header.
constexpr std::size_t at_version = 4, at_flags = 5, at_topic_length = 6, at_ordinal = 8, at_id = 16,
                      at_timestamp = 32, at_arrival = 40, at_key_length = 48,
                      at_headers_length = 52;

// To big-endian and back.
std::uint16_t swapped(std::uint16_t value) noexcept { return htobe16(value); }
std::uint32_t swapped(std::uint32_t value) noexcept { return htobe32(value); }
std::uint64_t swapped(std::uint64_t value) noexcept { return htobe64(value); }

template <class Int>
void put(std::byte* at, Int value) noexcept {
  value = swapped(value);
  std::memcpy(at, &value, sizeof value);
}

template <class Int>
Int get(const std::byte* at) noexcept {
  Int value = 0;
  std::memcpy(&value, at, sizeof value);
  return swapped(value);
}

bool has_head(std::span<const std::byte> data) noexcept {
  return data.size() >= envelope_fixed_bytes &&
         std::memcmp(data.data(), magic.data(), magic.size()) == 0 &&
         std::to_integer<unsigned char>(data[at_version]) == version;
}

}  // namespace

std::size_t encoded_size(const Envelope& envelope) noexcept {
  return envelope_fixed_bytes + envelope.topic.size() + (envelope.key ? envelope.key->size() : 0) +
         envelope.headers.packed().size() + envelope.value.size();
}

void encode(const Envelope& envelope, std::string& out) {
  const std::size_t begin = out.size();
  out.append(envelope_fixed_bytes, '\0');
  auto* const head = reinterpret_cast<std::byte*>(out.data() + begin);
  std::memcpy(head, magic.data(), magic.size());
  head[at_version] = std::byte{version};
  head[at_flags] = std::byte{envelope.key ? flag_key : static_cast<unsigned char>(0)};
  put(head + at_topic_length, static_cast<std::uint16_t>(envelope.topic.size()));
  put(head + at_ordinal, envelope.ordinal);
  std::memcpy(head + at_id, envelope.id.bytes.data(), envelope.id.bytes.size());
  put(head + at_timestamp, static_cast<std::uint64_t>(envelope.timestamp_ms));
  put(head + at_arrival, static_cast<std::uint64_t>(envelope.arrival_ms));
  put(head + at_key_length, static_cast<std::uint32_t>(envelope.key ? envelope.key->size() : 0));
  put(head + at_headers_length, static_cast<std::uint32_t>(envelope.headers.packed().size()));
  out.append(envelope.topic);
  if (envelope.key) out.append(*envelope.key);
  out.append(envelope.headers.packed());
  out.append(envelope.value);
}

std::optional<Envelope> decode(std::span<const std::byte> data) noexcept {
  if (!has_head(data)) return std::nullopt;
  const std::byte* head = data.data();
  const std::size_t topic = get<std::uint16_t>(head + at_topic_length);
  const std::size_t key = get<std::uint32_t>(head + at_key_length);
  const std::size_t headers = get<std::uint32_t>(head + at_headers_length);
  const bool has_key = (std::to_integer<unsigned char>(data[at_flags]) & flag_key) != 0;
  const std::size_t left = data.size() - envelope_fixed_bytes;
  if (topic > left || key > left - topic || headers > left - topic - key) return std::nullopt;
  if (!has_key && key != 0) return std::nullopt;
  const char* const rest = reinterpret_cast<const char*>(head) + envelope_fixed_bytes;
  const std::string_view packed(rest + topic + key, headers);
  if (!sinks::HeaderList::valid(packed)) return std::nullopt;

  std::optional<Envelope> envelope(std::in_place);
  envelope->ordinal = get<std::uint64_t>(head + at_ordinal);
  std::memcpy(envelope->id.bytes.data(), head + at_id, envelope->id.bytes.size());
  envelope->timestamp_ms = static_cast<std::int64_t>(get<std::uint64_t>(head + at_timestamp));
  envelope->arrival_ms = static_cast<std::int64_t>(get<std::uint64_t>(head + at_arrival));
  envelope->topic = {rest, topic};
  if (has_key) envelope->key = std::string_view(rest + topic, key);
  envelope->headers = sinks::HeaderList(packed);
  envelope->value = {packed.data() + headers, left - topic - key - headers};
  return envelope;
}

std::optional<std::uint64_t> ordinal_of(std::span<const std::byte> data) noexcept {
  if (!has_head(data)) return std::nullopt;
  return get<std::uint64_t>(data.data() + at_ordinal);
}

void set_ordinal(std::span<std::byte> envelope, std::uint64_t ordinal) noexcept {
  put(envelope.data() + at_ordinal, ordinal);
}

void set_id(std::span<std::byte> envelope, const sinks::MessageId& id) noexcept {
  std::memcpy(envelope.data() + at_id, id.bytes.data(), id.bytes.size());
}

}  // namespace rebuf::daemon
