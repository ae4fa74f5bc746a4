// Ports for servers that a test starts.
#pragma once

#include <cstdint>

namespace rebuf::test {

// A TCP port of 127.0.0.1 on which nothing listens, below those that the kernel gives to outgoing
// connections, and that no other call anywhere gets until this process ends: so it is still free
// when a server that was killed comes back to it.
[[nodiscard]] std::uint16_t free_port();

}  // namespace rebuf::test
