#include "config/duration.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>

namespace rebuf::config {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t milliseconds;
};
// The order in which they stand in a duration.
constexpr std::array<Unit, 5> units{
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};

// A whole number and the letters behind it, cut off the front of `text`.
struct Part {
  std::int64_t number = 0;
  std::string_view unit;
};
std::optional<Part> take_part(std::string_view& text) {
  constexpr std::int64_t most = 1'000'000'000'000;  // 30 years in ms: no product overflows
  Part part;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), part.number);
  if (error != std::errc() || part.number < 0 || part.number > most || text.front() == '-')
    return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  const std::size_t letters = std::min(text.find_first_of("0123456789"), text.size());
  part.unit = text.substr(0, letters);
  text.remove_prefix(letters);
  return part;
}

// The duration somebody meant who wrote `30`, `1.5s`, `5 sec` or `10min`.
std::string meant(std::string_view text) {
  std::optional<Part> part = take_part(text);
  if (!part) return {};
  if (part->unit.empty() && text.empty()) return std::to_string(part->number) + "s";
  if (part->unit == "." && text.size() >= 2 && text.substr(1) == "s" && text[0] <= '9')
    return std::to_string(part->number * 1000 + std::int64_t{text[0] - '0'} * 100) + "ms";
  if (!text.empty()) return {};
  while (part->unit.starts_with(' ')) part->unit.remove_prefix(1);
  if (part->unit.empty()) return {};
  if (part->unit.starts_with("ms") || part->unit.starts_with("mil"))
    return std::to_string(part->number) + "ms";
  for (const Unit& unit : units)
    if (std::string_view("dhms").find(part->unit[0]) != std::string_view::npos &&
        unit.name[0] == part->unit[0])
      return std::to_string(part->number) + std::string(unit.name);
  return {};
}

Problem not_a_duration(std::string_view text) {
  const std::string guess = meant(text);
  return {"is not a duration",
          guess.empty() ? "a duration is made of whole numbers and d, h, m, s, ms: `1h30m`, `500ms`"
                        : "did you mean `" + guess + "`?"};
}

}  // namespace

Parsed<std::chrono::milliseconds> parse_duration(std::string_view text,
                                                 std::chrono::milliseconds min,
                                                 std::chrono::milliseconds max) {
  std::int64_t total = 0;
  const Unit* next = units.begin();  // the largest unit that may still come
  std::string_view rest = text;
  if (rest.empty()) return not_a_duration(text);
  const std::string range = "from " + format_duration(min) + " to " + format_duration(max);
  while (!rest.empty()) {
    const std::optional<Part> part = take_part(rest);
    if (!part) return not_a_duration(text);
    const Unit* unit =
        std::find_if(next, units.end(), [&](const Unit& u) { return u.name == part->unit; });
    if (unit == units.end()) return not_a_duration(text);
    next = unit + 1;
    if (part->number > max.count() / unit->milliseconds) return Problem{"is too long", range};
    total += part->number * unit->milliseconds;
  }
  if (total > max.count()) return Problem{"is too long", range};
  if (total < min.count()) return Problem{"is too short", range};
  return std::chrono::milliseconds(total);
}

std::string format_duration(std::chrono::milliseconds duration) {
  if (duration.count() == 0) return "0s";
  std::string text;
  std::int64_t left = duration.count();
  for (const Unit& unit : units) {
    if (left < unit.milliseconds) continue;
    text += std::to_string(left / unit.milliseconds) + std::string(unit.name);
    left %= unit.milliseconds;
  }
  return text;
}

}  // namespace rebuf::config
