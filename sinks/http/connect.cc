#include "sinks/http/connect.h"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>
#include <system_error>

#include "sinks/fd.h"

namespace rebuf::sinks::http {
namespace {

struct AddressesFree {
  void operator()(addrinfo* addresses) const { ::freeaddrinfo(addresses); }
};

// 0 or errno.
int connect_within(int socket, const addrinfo& address, std::chrono::milliseconds timeout) {
  if (::connect(socket, address.ai_addr, address.ai_addrlen) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  pollfd waiting{.fd = socket, .events = POLLOUT, .revents = 0};
  const int ready = ::poll(&waiting, 1, static_cast<int>(timeout.count()));
  if (ready == 0) return ETIMEDOUT;
  if (ready < 0) return errno;
  int error = 0;
  socklen_t size = sizeof(error);
  if (::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
  return error;
}

}  // namespace

std::string try_connect(const std::string& address, int port, std::chrono::milliseconds timeout,
                        const std::function<void(int)>& watch) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (failed != 0) return address + ": " + ::gai_strerror(failed);
  const std::unique_ptr<addrinfo, AddressesFree> parsed(found);
  const Fd socket(::socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return "no socket: " + std::generic_category().message(errno);
  watch(socket.get());
  const int error = connect_within(socket.get(), *found, timeout);
  return error == 0 ? "" : "cannot connect: " + std::generic_category().message(error);
}

}  // namespace rebuf::sinks::http
