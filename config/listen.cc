#include "config/listen.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>

namespace rebuf::config {
namespace {

constexpr std::string_view unix_prefix = "unix:";
constexpr std::size_t longest_unix_path = 107;  // sockaddr_un

bool host_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-' || c == '_';
}
bool ipv6_character(char c) {
  return std::isxdigit(static_cast<unsigned char>(c)) != 0 || c == ':' || c == '.' || c == '%';
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

Problem bad_address(std::string_view text) {
  const bool number = !text.empty() && parse_port(text).has_value();
  const bool only_port = text.starts_with(':') && parse_port(text.substr(1)).has_value();
  if (number || only_port)
    return {"has no host",
            "did you mean `127.0.0.1:" + std::string(text.substr(only_port ? 1 : 0)) +
                "`? (`0.0.0.0` or `[::]` for every address)"};
  if (std::count(text.begin(), text.end(), ':') > 1)
    return {"is not host:port", "an IPv6 address stands in brackets: \"[::1]:8082\""};
  return {"is not host:port", "as in `127.0.0.1:8082` or \"[::1]:8082\""};
}

// Splits; the port may be 0 here.
Parsed<HostPort> split_host_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return bad_address(text);
  std::string_view host = text.substr(0, colon);
  const bool brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (brackets) host = host.substr(1, host.size() - 2);
  if (!std::all_of(host.begin(), host.end(), brackets ? ipv6_character : host_character))
    return bad_address(text);
  const std::optional<std::uint16_t> port = parse_port(text.substr(colon + 1));
  if (!port) return Problem{"has no port", "a port is a number from 1 to 65535"};
  return HostPort{std::string(host), *port};
}

Parsed<Listen> parse_unix(std::string_view path) {
  if (!path.starts_with('/'))
    return Problem{"is not the path of a socket", "write it whole: `unix:/run/rebufd/in.sock`"};
  if (path.size() > longest_unix_path)
    return Problem{"is too long for a socket",
                   "a path of at most " + std::to_string(longest_unix_path) + " bytes"};
  return Listen{{}, 0, std::string(path)};
}

bool everywhere(const Listen& listen) { return listen.host == "0.0.0.0" || listen.host == "::"; }
bool ipv6(const Listen& listen) { return listen.host.find(':') != std::string::npos; }

}  // namespace

std::string Listen::text() const {
  if (is_unix()) return std::string(unix_prefix) + unix_path;
  const bool brackets = host.find(':') != std::string::npos;
  return (brackets ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Parsed<Listen> parse_listen(std::string_view text) {
  if (text.starts_with(unix_prefix)) return parse_unix(text.substr(unix_prefix.size()));
  if (text.starts_with('/'))
    return Problem{"is not host:port", "did you mean `unix:" + std::string(text) + "`?"};
  Parsed<HostPort> split = split_host_port(text);
  if (!split.value) return split.problem;
  return Listen{split.value->host, split.value->port, {}};
}

Parsed<HostPort> parse_host_port(std::string_view text) {
  Parsed<HostPort> split = split_host_port(text);
  if (split.value && split.value->port == 0)
    return Problem{"has no port", "a port is a number from 1 to 65535"};
  return split;
}

bool collide(const Listen& a, const Listen& b) {
  if (a.is_unix() || b.is_unix()) return a.unix_path == b.unix_path;
  if (a.port != b.port || a.port == 0) return false;  // 0: the system finds a free one
  if (a.host == b.host || a.host == "::" || b.host == "::") return true;  // `::` takes IPv4 too
  return ipv6(a) == ipv6(b) && (everywhere(a) || everywhere(b));
}

}  // namespace rebuf::config
