// Addresses to listen on: `127.0.0.1:8082`, `[::1]:8082`, `unix:/run/rebufd/in.sock`; and the
// host:port of others.
#pragma once

#include <string>
#include <string_view>

#include "config/config.h"
#include "config/parsed.h"

namespace rebuf::config {

[[nodiscard]] Parsed<Listen> parse_listen(std::string_view text);

// `host:port` of a server elsewhere; port 1..65535.
struct HostPort {
  std::string host;  // an IPv6 address without its brackets
  std::uint16_t port = 0;
};
[[nodiscard]] Parsed<HostPort> parse_host_port(std::string_view text);

// Whether the second could not be bound while the first is.
[[nodiscard]] bool collide(const Listen& a, const Listen& b);

}  // namespace rebuf::config
