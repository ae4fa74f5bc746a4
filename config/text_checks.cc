#include "config/text_checks.h"

#include <algorithm>
#include <string_view>

#include "config/listen.h"
#include "sinks/http/url.h"

namespace rebuf::config {
namespace {

constexpr std::string_view lower = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view digits = "0123456789";

bool made_of(std::string_view text, std::initializer_list<std::string_view> characters) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return std::any_of(characters.begin(), characters.end(),
                       [&](std::string_view set) { return set.find(c) != std::string_view::npos; });
  });
}

// RFC 9110, 5.6.2, but for `*`.
constexpr std::string_view token_marks = "!#$%&'+-.^_`|~";

bool printable_without_space(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

}  // namespace

std::optional<Problem> check_name(const std::string& text) {
  constexpr std::size_t longest = 63;
  if (!text.empty() && text.size() <= longest && made_of(text, {lower, digits, "_-"}) &&
      text[0] != '_' && text[0] != '-')
    return std::nullopt;
  return Problem{"is not a name for a route or a sink",
                 "1 to 63 of a-z, 0-9, `_` and `-`, the first a letter or a digit"};
}

std::optional<Problem> check_route_path(const std::string& text) {
  if (!text.starts_with('/')) return Problem{"is not a path", "it begins with `/`"};
  if (!made_of(text, {lower, upper, digits, "/-._~!$&'()*+,;=:@"}))
    return Problem{"is not a path", "letters, digits and `/-._~`; no `?`, `#`, `%` or space"};
  if (text.ends_with('/'))
    return Problem{"ends with `/`", "leave that out: a path is matched as it stands"};
  if (text.find("//") != std::string::npos)
    return Problem{"has an empty part", "one `/` is enough"};
  if (text == "/healthz" || text == "/readyz" || text.starts_with("/readyz/"))
    return Problem{"is rebufd's own", "any other path"};
  return std::nullopt;
}

std::optional<Problem> check_topic(const std::string& text) {
  constexpr std::size_t longest = 249;
  if (!text.empty() && text.size() <= longest && text != "." && text != ".." &&
      made_of(text, {lower, upper, digits, "._-"}))
    return std::nullopt;
  return Problem{"is not a topic", "1 to 249 of a-z, A-Z, 0-9, `.`, `_` and `-`"};
}

std::optional<Problem> check_topic_glob(const std::string& text) {
  if (!text.empty() && made_of(text, {lower, upper, digits, "._-*?"})) return std::nullopt;
  return Problem{"is not a pattern of topics",
                 "a topic in which `*` stands for any run of characters and `?` for one"};
}

std::optional<Problem> check_header_name(const std::string& text) {
  if (text.empty() || !made_of(text, {lower, upper, digits, token_marks, "*"}))
    return Problem{"is not the name of a header", "letters, digits and `-`"};
  std::string name = text;
  for (char& c : name)
    if (upper.find(c) != std::string_view::npos) c = static_cast<char>(c - 'A' + 'a');
  if (name.starts_with("rebuf-"))
    return Problem{"is rebufd's own", "any name that does not begin with `rebuf-`"};
  return std::nullopt;
}

std::optional<Problem> check_header_glob(const std::string& text) {
  if (!text.empty() && made_of(text, {lower, upper, digits, token_marks, "*?"}))
    return std::nullopt;
  return Problem{"is not a pattern of header names",
                 "a name in which `*` stands for any run of characters and `?` for one"};
}

std::optional<Problem> check_header_value(const std::string& text) {
  const bool control = std::any_of(text.begin(), text.end(), [](unsigned char c) {
    return (c < 0x20 && c != '\t') || c == 0x7f;
  });
  if (control)
    return Problem{"has a line break or another control character", "a header is one line"};
  constexpr std::string_view blanks = " \t";
  if (!text.empty() && (blanks.find(text.front()) != std::string_view::npos ||
                        blanks.find(text.back()) != std::string_view::npos))
    return Problem{"begins or ends with a blank", "HTTP takes those away: leave them out"};
  return std::nullopt;
}

std::optional<Problem> check_host(const std::string& text) {
  const bool whole = !text.empty() && made_of(text, {lower, upper, digits, ".-_"});
  if (whole || parse_host_port(text).value) return std::nullopt;
  return Problem{"is not a host", "a name or an address, with or without a port: `gw.example.org`"};
}

std::optional<Problem> check_brokers(const std::string& text) {
  std::string_view rest = text;
  while (true) {
    const std::size_t comma = rest.find(',');
    if (rest.find("://") != std::string_view::npos)
      return Problem{"is not host:port",
                     "TLS and SASL are set by `security.protocol` in `librdkafka_options`"};
    Parsed<HostPort> broker = parse_host_port(rest.substr(0, comma));
    if (!broker.value)
      return Problem{std::move(broker.problem.what), "as in `kafka1.example.org:9092`"};
    if (comma == std::string_view::npos) return std::nullopt;
    rest.remove_prefix(comma + 1);
  }
}

std::optional<Problem> check_url(const std::string& text) {
  std::string error = sinks::http::parse_url(text).error;
  if (error.empty()) return std::nullopt;
  return Problem{"is not a URL to send to", std::move(error)};
}

std::optional<Problem> check_url_path(const std::string& text) {
  if (text.starts_with('/') && printable_without_space(text)) return std::nullopt;
  return Problem{"is not a path at the server", "it begins with `/`: `/health`"};
}

std::optional<Problem> no_check(const std::string& /*text*/) { return std::nullopt; }

}  // namespace rebuf::config
