#include "sinks/message.h"

#include <endian.h>

#include <cstring>

#include "sinks/sink.h"

namespace rebuf::sinks {
namespace {

constexpr std::size_t name_length_bytes = 2;
constexpr std::size_t value_length_bytes = 4;
constexpr std::size_t lengths_bytes = name_length_bytes + value_length_bytes;

std::size_t load_big_endian(const char* at, std::size_t bytes) {
  std::size_t number = 0;
  for (std::size_t i = 0; i < bytes; ++i) number = number << 8 | static_cast<unsigned char>(at[i]);
  return number;
}

void append_big_endian(std::string& to, std::size_t number, std::size_t bytes) {
  for (std::size_t i = bytes; i-- > 0;) to.push_back(static_cast<char>(number >> (8 * i) & 0xff));
}

// Of each byte, two lower-case digits.
constexpr auto hexadecimal = [] {
  constexpr std::string_view digits = "0123456789abcdef";
  std::array<std::array<char, 2>, 256> pairs{};
  for (std::size_t byte = 0; byte < pairs.size(); ++byte)
    pairs[byte] = {digits[byte >> 4], digits[byte & 0xf]};
  return pairs;
}();

}  // namespace

void MessageId::hex_into(std::span<char, 32> out) const noexcept {
  for (std::size_t i = 0; i < bytes.size(); ++i)
    std::memcpy(&out[2 * i], hexadecimal[bytes[i]].data(), 2);
}

std::uint64_t MessageId::run() const noexcept {
  std::uint64_t prefix = 0;
  std::uint64_t number = 0;  // start number and count
  std::memcpy(&prefix, bytes.data(), sizeof prefix);
  std::memcpy(&number, bytes.data() + sizeof prefix, sizeof number);
  return be64toh(prefix) + be64toh(number) / run_length;
}

std::string MessageId::hex() const {
  std::array<char, 32> out{};
  hex_into(out);
  return std::string(out.data(), out.size());
}

Header HeaderList::Iterator::operator*() const {
  const std::size_t name_bytes = load_big_endian(at_, name_length_bytes);
  const std::size_t value_bytes = load_big_endian(at_ + name_length_bytes, value_length_bytes);
  const char* name = at_ + lengths_bytes;
  return {std::string_view(name, name_bytes), std::string_view(name + name_bytes, value_bytes)};
}

HeaderList::Iterator& HeaderList::Iterator::operator++() {
  at_ += lengths_bytes + load_big_endian(at_, name_length_bytes) +
         load_big_endian(at_ + name_length_bytes, value_length_bytes);
  return *this;
}

bool HeaderList::valid(std::string_view packed) noexcept {
  while (!packed.empty()) {
    if (packed.size() < lengths_bytes) return false;
    const std::size_t payload_bytes =
        load_big_endian(packed.data(), name_length_bytes) +
        load_big_endian(packed.data() + name_length_bytes, value_length_bytes);
    if (packed.size() - lengths_bytes < payload_bytes) return false;
    packed.remove_prefix(lengths_bytes + payload_bytes);
  }
  return true;
}

void pack_header(std::string& packed, std::string_view name, std::string_view value) {
  append_big_endian(packed, name.size(), name_length_bytes);
  append_big_endian(packed, value.size(), value_length_bytes);
  packed.append(name);
  packed.append(value);
}

std::string_view to_string(Refusal refusal) noexcept {
  switch (refusal) {
    case Refusal::none:
      return "none";
    case Refusal::too_large:
      return "too_large";
    case Refusal::unknown_topic:
      return "unknown_topic";
    case Refusal::invalid:
      return "invalid";
    case Refusal::auth:
      return "auth";
  }
  return "none";
}

}  // namespace rebuf::sinks
