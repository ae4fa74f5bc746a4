#include "sinks/http/url.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

namespace rebuf::sinks::http {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool takes_prefix(std::string_view& text, std::string_view prefix) {
  if (text.size() < prefix.size()) return false;
  if (!std::ranges::equal(text.substr(0, prefix.size()), prefix, {}, lower)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool visible_ascii(char c) { return c > ' ' && c < 0x7f; }

bool in_host_name(char c) {
  const char l = lower(c);
  return (l >= 'a' && l <= 'z') || (l >= '0' && l <= '9') || l == '-' || l == '.' || l == '_';
}

bool is_ipv6(const std::string& text) {
  in6_addr address{};
  return inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

std::optional<int> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

// host[:port]. An error, or empty.
std::string parse_authority(std::string_view authority, Url& url) {
  if (authority.find('@') != std::string_view::npos)
    return "user and password do not belong in a URL: set the Authorization header";
  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos) return "a '[' without its ']'";
    url.host = authority.substr(1, close - 1);
    port = authority.substr(close + 1);
    if (!is_ipv6(url.host)) return "'" + url.host + "' is not an IPv6 address";
    url.host_header = "[" + url.host + "]";
  } else {
    const std::size_t colon = authority.find(':');
    url.host = authority.substr(0, colon);
    if (colon != std::string_view::npos) port = authority.substr(colon);
    if (url.host.empty()) return "the host is missing";
    if (!std::ranges::all_of(url.host, in_host_name))
      return "'" + url.host + "' is not a host name";
    url.host_header = url.host;
  }
  const int default_port = url.tls ? 443 : 80;
  url.port = default_port;
  if (!port.empty()) {
    const auto number = port.starts_with(':') ? parse_port(port.substr(1)) : std::nullopt;
    if (!number) return "'" + std::string(port) + "' is not a port: ':1' to ':65535' would be";
    url.port = *number;
  }
  if (url.port != default_port) url.host_header += ":" + std::to_string(url.port);
  return {};
}

}  // namespace

UrlResult parse_url(std::string_view text) {
  UrlResult result;
  if (!std::ranges::all_of(text, visible_ascii)) {
    result.error = "spaces, control and non-ASCII characters must be percent-encoded";
    return result;
  }
  std::string_view rest = text;
  result.url.tls = takes_prefix(rest, "https://");
  if (!result.url.tls && !takes_prefix(rest, "http://")) {
    result.error = "it must begin with http:// or https://";
    return result;
  }
  if (rest.find('#') != std::string_view::npos) {
    result.error = "a fragment ('#') is never sent";
    return result;
  }
  const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
  result.error = parse_authority(rest.substr(0, end), result.url);
  result.url.target = rest.substr(end);
  if (!result.url.target.starts_with('/')) result.url.target.insert(0, "/");
  return result;
}

}  // namespace rebuf::sinks::http
