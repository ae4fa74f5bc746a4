#include "ledger.h"

#include <array>
#include <charconv>
#include <cstdio>

namespace rebuf::e2e {
namespace {

template <typename T>
bool read(std::string_view text, T& into, int base) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into, base);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::string Id::text() const {
  std::array<char, 33> digits{};
  std::snprintf(digits.data(), digits.size(), "%016llx%016llx",
                static_cast<unsigned long long>(prefix), static_cast<unsigned long long>(number));
  return digits.data();
}

std::optional<Id> Id::parse(std::string_view text) {
  Id id;
  if (text.size() != 32 || text.find_first_not_of("0123456789abcdef") != std::string_view::npos ||
      !read(text.substr(0, 16), id.prefix, 16) || !read(text.substr(16), id.number, 16))
    return std::nullopt;
  return id;
}

std::string SendingName::text() const {
  return std::to_string(client) + "." + std::to_string(number);
}

std::optional<SendingName> SendingName::parse(std::string_view text) {
  SendingName name;
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos || !read(text.substr(0, dot), name.client, 10) ||
      !read(text.substr(dot + 1), name.number, 10))
    return std::nullopt;
  return name;
}

}  // namespace rebuf::e2e
