#include "daemon/ingest/listener.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "daemon/socket_file.h"

namespace rebuf::daemon::ingest {
namespace {

constexpr int backlog = 4096;  // the kernel cuts it to net.core.somaxconn

Status failed(const std::string& what, const std::string& where, int error) {
  return {error == EADDRINUSE ? Code::locked : Code::io, what, where, error};
}

Result<sinks::Fd> bind_tcp(const addrinfo& address, const std::string& where) {
  sinks::Fd fd(::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return failed("socket", where, errno);
  const int on = 1;
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0)
    return failed("setsockopt SO_REUSEADDR", where, errno);
  // Inherited by what is accepted: an answer waits for no acknowledgement of the one before.
  if (::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0)
    return failed("setsockopt TCP_NODELAY", where, errno);
  if (::bind(fd.get(), address.ai_addr, address.ai_addrlen) != 0)
    return failed("bind", where, errno);
  return fd;
}

// A name may stand for an address that this machine does not have: ::1 where IPv6 is switched off.
bool not_here(const Status& status) {
  return status.errno_value() == EADDRNOTAVAIL || status.errno_value() == EAFNOSUPPORT;
}

bool same(const addrinfo& a, const addrinfo& b) {
  return a.ai_addrlen == b.ai_addrlen && std::memcmp(a.ai_addr, b.ai_addr, a.ai_addrlen) == 0;
}

// Of every address that the host stands for and this machine has; port 0: of the first one, for no
// port is surely free on all.
Result<std::vector<sinks::Fd>> open_tcp(const std::string& host, std::uint16_t port) {
  const std::string where = host + ":" + std::to_string(port);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
      error != 0)
    return Status(Code::io, std::string("resolve: ") + gai_strerror(error), where);
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);

  std::vector<sinks::Fd> bound;
  Status absent;
  for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
    bool again = false;  // resolvers name an address twice
    for (const addrinfo* before = found; before != address; before = before->ai_next)
      again = again || same(*before, *address);
    if (again) continue;
    Result<sinks::Fd> fd = bind_tcp(*address, where);
    if (!fd && not_here(fd.status())) {
      absent = fd.status();
      continue;
    }
    if (!fd) return fd.status();
    bound.push_back(std::move(*fd));
    if (port == 0) break;
  }
  if (bound.empty()) return absent;
  return bound;
}

Result<std::vector<sinks::Fd>> open_unix(const std::string& path) {
  const Result<sockaddr_un> address = make_way_for_socket(path);
  if (!address) return address.status();

  sinks::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return failed("socket", path, errno);
  // Before bind and again after: the first keeps the file closed to others from its first moment
  // without touching the process's umask, the second lifts what the umask took away.
  if (::fchmod(fd.get(), 0660) != 0) return failed("fchmod", path, errno);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0)
    return failed("bind", path, errno);
  if (::chmod(path.c_str(), 0660) != 0) return failed("chmod", path, errno);
  std::vector<sinks::Fd> bound;
  bound.push_back(std::move(fd));
  return bound;
}

std::uint16_t bound_port(int fd) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) return 0;
  if (address.ss_family == AF_INET)
    return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
  if (address.ss_family == AF_INET6)
    return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
  return 0;
}

}  // namespace

Result<Listener> Listener::open(const config::Listen& listen) {
  Result<std::vector<sinks::Fd>> bound =
      listen.is_unix() ? open_unix(listen.unix_path) : open_tcp(listen.host, listen.port);
  if (!bound) return bound.status();
  Listener listener;
  listener.sockets_ = std::move(*bound);
  listener.unix_path_ = listen.unix_path;
  listener.port_ = bound_port(listener.sockets_.front().get());
  for (const sinks::Fd& socket : listener.sockets_)
    if (::listen(socket.get(), backlog) != 0)
      return failed("listen", listen.is_unix() ? listen.unix_path : listen.host, errno);
  return listener;
}

Listener::~Listener() {
  // Closing alone would go on listening while the server's thread still polls the descriptor.
  for (const sinks::Fd& socket : sockets_) ::shutdown(socket.get(), SHUT_RDWR);
  if (!sockets_.empty() && !unix_path_.empty()) ::unlink(unix_path_.c_str());
}

}  // namespace rebuf::daemon::ingest
