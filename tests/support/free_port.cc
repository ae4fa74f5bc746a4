#include "tests/support/free_port.h"

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <random>
#include <string>

namespace rebuf::test {
namespace {

// Whether no other test has this port. A name of an abstract Unix socket belongs to one socket, and
// here to this process until it ends: a port is ours while our server is down, too.
bool claim(std::uint16_t port) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  const std::string text = "rebuf test port " + std::to_string(port);
  text.copy(name.sun_path + 1, text.size());
  const int holder = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  REQUIRE(holder >= 0);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + text.size());
  if (::bind(holder, reinterpret_cast<const sockaddr*>(&name), size) == 0) return true;
  ::close(holder);
  return false;
}

bool nothing_listens_on(std::uint16_t port) {
  const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  REQUIRE(probe >= 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  const bool free =
      ::bind(probe, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  ::close(probe);
  return free;
}

}  // namespace

std::uint16_t free_port() {
  constexpr int first = 15000;
  constexpr int last = 31999;
  std::random_device random;
  for (;;) {
    const auto port =
        static_cast<std::uint16_t>(std::uniform_int_distribution<int>(first, last)(random));
    if (claim(port) && nothing_listens_on(port)) return port;
  }
}

}  // namespace rebuf::test
