#include "config/yaml_syntax.h"

namespace rebuf::config {
namespace {

std::string_view line_of(std::string_view text, int line) {
  if (line < 0) return {};
  for (; line > 0; --line) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  return text.substr(0, text.find('\n'));
}

}  // namespace

std::string syntax_hint(std::string_view text, int line) {
  for (const std::string_view candidate : {line_of(text, line), line_of(text, line - 1)}) {
    const std::size_t content = candidate.find_first_not_of(" \t");
    if (content == std::string_view::npos) continue;
    if (candidate.substr(0, content).find('\t') != std::string_view::npos)
      return "indent with spaces, YAML knows no tabs there";
    if (candidate.find(": [") != std::string_view::npos &&
        candidate.find("]:") != std::string_view::npos)
      return "an IPv6 address needs quotes: \"[::]:8082\"";
  }
  return "look at the quotes, the brackets and the indentation of this line and the one above";
}

}  // namespace rebuf::config
