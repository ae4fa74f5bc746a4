// Sockets for servers that misbehave on purpose.
#pragma once

#include <cstdint>
#include <string>

namespace rebuf::e2e {

// Listens on a loopback address; fails the test when it cannot.
[[nodiscard]] int listen_on(const std::string& host, std::uint16_t port);
// Begins to connect, without blocking; negative when refused at once.
[[nodiscard]] int connect_to(const std::string& host, std::uint16_t port);
// Closes it so that the peer sees a reset, not an end.
void reset(int connection);

}  // namespace rebuf::e2e
