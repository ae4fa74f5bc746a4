#include "config/size.h"

#include <array>
#include <cctype>
#include <charconv>
#include <limits>

namespace rebuf::config {
namespace {

struct Unit {
  std::string_view name;
  unsigned shift;
};
constexpr std::array<Unit, 4> units{{{"TiB", 40}, {"GiB", 30}, {"MiB", 20}, {"KiB", 10}}};

// The unit somebody meant who wrote MB, mb, M, mib or m.
const Unit* meant(std::string_view text) {
  if (text.empty() || text.size() > 3) return nullptr;
  for (const Unit& unit : units)
    if (std::toupper(static_cast<unsigned char>(text[0])) == unit.name[0]) return &unit;
  return nullptr;
}

Problem not_a_size(std::uint64_t number, std::string_view rest) {
  const std::size_t letters = rest.find_first_not_of(' ');
  if (letters != std::string_view::npos)
    if (const Unit* unit = meant(rest.substr(letters)))
      return {"is not a size",
              "did you mean `" + std::to_string(number) + std::string(unit->name) + "`?"};
  return {"is not a size", "a size is a whole number of bytes, KiB, MiB, GiB or TiB: `16MiB`"};
}

}  // namespace

Parsed<std::uint64_t> parse_size(std::string_view text, std::uint64_t min, std::uint64_t max) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view rest = text.substr(static_cast<std::size_t>(end - text.data()));
  if (error == std::errc::invalid_argument) return not_a_size(0, {});
  unsigned shift = 0;
  if (!rest.empty() && rest != "B") {
    const Unit* unit = meant(rest);
    if (unit == nullptr || unit->name != rest) return not_a_size(number, rest);
    shift = unit->shift;
  }
  const bool overflows =
      error != std::errc() || number > (std::numeric_limits<std::uint64_t>::max() >> shift);
  const std::string range = "from " + format_size(min) + " to " + format_size(max);
  if (overflows || number << shift > max) return Problem{"is too large", range};
  if (number << shift < min) return Problem{"is too small", range};
  return number << shift;
}

std::string format_size(std::uint64_t bytes) {
  for (const Unit& unit : units)
    if (bytes != 0 && bytes % (1ULL << unit.shift) == 0)
      return std::to_string(bytes >> unit.shift) + std::string(unit.name);
  return std::to_string(bytes);
}

}  // namespace rebuf::config
