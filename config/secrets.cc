#include "config/secrets.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace rebuf::config {
namespace {

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

// Whether a key of this name, in lower case, holds what must not be shown.
bool secret_name(std::string_view name) {
  static constexpr std::array<std::string_view, 9> signs{
      "password", "passwd",        "secret",
      "token",    "authorization", "api-key",
      "cookie",   "key.pem",       "oauthbearer.config"};
  return std::any_of(signs.begin(), signs.end(), [&](std::string_view sign) {
    return name.find(sign) != std::string_view::npos;
  });
}

// An HTTP sink's headers may hold a key under any name: only these are known to hold none.
bool public_header(std::string_view name) {
  static constexpr std::array<std::string_view, 5> names{"accept", "content-type", "host", "prefer",
                                                         "user-agent"};
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Without userinfo and query, where keys stand.
std::string masked_url(std::string_view url) {
  std::string shown(url);
  if (const std::size_t query = shown.find('?'); query != std::string::npos)
    shown.replace(query + 1, std::string::npos, mask);
  const std::size_t scheme = shown.find("://");
  const std::size_t host = scheme == std::string::npos ? 0 : scheme + 3;
  const std::size_t at = shown.substr(0, shown.find('/', host)).rfind('@');
  if (at != std::string::npos) shown.replace(host, at - host, mask);
  return shown;
}

// The part of "sinks.NAME.REST" behind the name; empty for any other path.
std::string_view key_of_sink(std::string_view path) {
  constexpr std::string_view sinks = "sinks.";
  if (!path.starts_with(sinks)) return {};
  const std::size_t dot = path.find('.', sinks.size());
  return dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
}

}  // namespace

std::string without_secrets(std::string_view path, std::string_view value) {
  constexpr std::string_view headers = "headers.";
  if (value.empty()) return {};
  const std::string_view key = key_of_sink(path);
  const std::string name = lower_case(key.empty() ? path : key);
  const bool secret = key.starts_with(headers)
                          ? !public_header(std::string_view(name).substr(headers.size()))
                          : secret_name(name);
  if (secret) return std::string(mask);
  return key == "url" ? masked_url(value) : std::string(value);
}

}  // namespace rebuf::config
