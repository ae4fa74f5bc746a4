// The types of values: how a text is read, how a value is written, and what the page calls it.
#pragma once

#include <charconv>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/closest.h"
#include "config/config.h"
#include "config/parsed.h"

namespace rebuf::config {

template <class V>
struct ValueType {
  std::string name;  // for docs/configuration.md: "size, 64KiB to 1GiB"
  std::function<Parsed<V>(const std::string&)> parse;
  std::function<std::string(const V&)> format;
};

[[nodiscard]] ValueType<std::uint64_t> size_type(std::uint64_t min, std::uint64_t max);
[[nodiscard]] ValueType<Milliseconds> duration_type(Milliseconds min, Milliseconds max);
[[nodiscard]] ValueType<Listen> listen_type();

// A text that `check` finds nothing wrong with.
using TextCheck = std::function<std::optional<Problem>(const std::string&)>;
[[nodiscard]] ValueType<std::string> text_type(std::string name, TextCheck check);
// A whole path of a file.
[[nodiscard]] ValueType<std::string> path_type();
// `none` for the empty text.
[[nodiscard]] ValueType<std::string> or_none(const ValueType<std::string>& type);
// In lower case, whatever was written.
[[nodiscard]] ValueType<std::string> in_lower_case(const ValueType<std::string>& type);

template <class V>
[[nodiscard]] ValueType<V> integer_type(V min, V max) {
  const std::string range = std::to_string(min) + " to " + std::to_string(max);
  const auto parse = [=](const std::string& text) -> Parsed<V> {
    V value{};
    const char* const text_end = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data(), text_end, value);
    if (end != text_end || error == std::errc::invalid_argument)
      return Problem{"is not a whole number", "from " + range};
    if (error != std::errc() || value < min || value > max)
      return Problem{"is out of range", "from " + range};
    return value;
  };
  return {"number, " + range, parse, [](const V& value) { return std::to_string(value); }};
}

template <class E>
[[nodiscard]] ValueType<E> choice_type(std::vector<std::pair<std::string, E>> choices) {
  std::vector<std::string> names;
  std::string text;
  for (const auto& [name, value] : choices) {
    text += (names.empty() ? "`" : ", `") + name + "`";
    names.push_back(name);
  }
  const auto parse = [=](const std::string& word) -> Parsed<E> {
    for (const auto& [name, value] : choices)
      if (name == word) return value;
    const std::string guess = did_you_mean(word, names);
    return Problem{"is not one of " + one_of(names), guess};
  };
  const auto format = [=](const E& value) {
    for (const auto& [name, known] : choices)
      if (known == value) return name;
    return std::string();
  };
  return {text, parse, format};
}

template <class V>
[[nodiscard]] ValueType<std::optional<V>> optional_type(ValueType<V> type) {
  const auto parse = [type](const std::string& text) -> Parsed<std::optional<V>> {
    if (text == "none") return std::optional<V>();
    Parsed<V> parsed = type.parse(text);
    if (!parsed.value) {
      parsed.problem.hint += ", or `none`";
      return std::move(parsed.problem);
    }
    return std::optional<V>(std::move(*parsed.value));
  };
  const auto format = [type](const std::optional<V>& value) {
    return value ? type.format(*value) : std::string("none");
  };
  return {type.name + ", or `none`", parse, format};
}

}  // namespace rebuf::config
