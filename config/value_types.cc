#include "config/value_types.h"

#include <algorithm>
#include <cctype>

#include "config/duration.h"
#include "config/listen.h"
#include "config/size.h"

namespace rebuf::config {

ValueType<std::uint64_t> size_type(std::uint64_t min, std::uint64_t max) {
  return {"size, " + format_size(min) + " to " + format_size(max),
          [=](const std::string& text) { return parse_size(text, min, max); }, format_size};
}

ValueType<Milliseconds> duration_type(Milliseconds min, Milliseconds max) {
  return {"duration, " + format_duration(min) + " to " + format_duration(max),
          [=](const std::string& text) { return parse_duration(text, min, max); }, format_duration};
}

ValueType<Listen> listen_type() {
  return {"`host:port` or `unix:/path`", [](const std::string& text) { return parse_listen(text); },
          [](const Listen& listen) { return listen.text(); }};
}

ValueType<std::string> text_type(std::string name, TextCheck check) {
  const auto parse = [check = std::move(check)](const std::string& text) -> Parsed<std::string> {
    if (std::optional<Problem> problem = check(text)) return std::move(*problem);
    return text;
  };
  return {std::move(name), parse, [](const std::string& text) { return text; }};
}

ValueType<std::string> path_type() {
  return text_type("path", [](const std::string& text) -> std::optional<Problem> {
    if (text.starts_with('/') && text.find('\0') == std::string::npos) return std::nullopt;
    return Problem{"is not a whole path", "a path from the root: `/…`"};
  });
}

ValueType<std::string> or_none(const ValueType<std::string>& type) {
  const auto parse = [type](const std::string& text) -> Parsed<std::string> {
    if (text == "none") return std::string();
    return type.parse(text);
  };
  const auto format = [](const std::string& text) { return text.empty() ? "none" : text; };
  return {type.name + ", or `none`", parse, format};
}

ValueType<std::string> in_lower_case(const ValueType<std::string>& type) {
  const auto parse = [type](std::string text) -> Parsed<std::string> {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return type.parse(text);
  };
  return {type.name, parse, type.format};
}

}  // namespace rebuf::config
