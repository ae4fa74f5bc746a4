#include "daemon/ingest/listener.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace rebuf::daemon::ingest {
namespace {

constexpr int backlog = 4096;  // the kernel cuts it to net.core.somaxconn

Status failed(const std::string& what, const std::string& where, int error) {
  return {error == EADDRINUSE ? Code::locked : Code::io, what, where, error};
}

Result<sinks::Fd> open_tcp(const std::string& host, std::uint16_t port) {
  const std::string where = host + ":" + std::to_string(port);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
      error != 0)
    return Status(Code::io, std::string("resolve: ") + gai_strerror(error), where);
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);

  sinks::Fd fd(::socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return failed("socket", where, errno);
  const int on = 1;
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0)
    return failed("setsockopt SO_REUSEADDR", where, errno);
  if (::bind(fd.get(), found->ai_addr, found->ai_addrlen) != 0) return failed("bind", where, errno);
  return fd;
}

// Removes a socket file that nobody answers on.
Status clear_stale(const sockaddr_un& address) {
  const std::string path = address.sun_path;
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0)
    return errno == ENOENT ? Status() : failed("stat", path, errno);
  if (!S_ISSOCK(info.st_mode))
    return {Code::locked, "bind: a file that is no socket is there", path};
  const sinks::Fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!probe.valid()) return failed("socket", path, errno);
  // Non-blocking: a live process with a full backlog gives EAGAIN, a dead one ECONNREFUSED.
  if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
      errno != ECONNREFUSED)
    return {Code::locked, "bind: another process answers on this socket", path, EADDRINUSE};
  if (::unlink(path.c_str()) != 0) return failed("unlink the stale socket", path, errno);
  return {};
}

Result<sinks::Fd> open_unix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return Status(Code::invalid_argument, "a Unix socket's path has at most 107 bytes", path);
  std::memcpy(address.sun_path, path.data(), path.size());
  if (Status status = clear_stale(address); !status) return status;

  sinks::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return failed("socket", path, errno);
  // Before bind and again after: the first keeps the file closed to others from its first moment
  // without touching the process's umask, the second lifts what the umask took away.
  if (::fchmod(fd.get(), 0660) != 0) return failed("fchmod", path, errno);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return failed("bind", path, errno);
  if (::chmod(path.c_str(), 0660) != 0) return failed("chmod", path, errno);
  return fd;
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
  Result<sinks::Fd> fd =
      listen.is_unix() ? open_unix(listen.unix_path) : open_tcp(listen.host, listen.port);
  if (!fd) return fd.status();
  Listener listener;
  listener.fd_ = std::move(*fd);
  listener.unix_path_ = listen.unix_path;
  listener.port_ = bound_port(listener.fd());
  if (::listen(listener.fd(), backlog) != 0)
    return failed("listen", listen.is_unix() ? listen.unix_path : listen.host, errno);
  return listener;
}

Listener::~Listener() {
  // Closing alone would go on listening while the server's thread still polls the descriptor.
  if (fd_.valid()) ::shutdown(fd_.get(), SHUT_RDWR);
  if (fd_.valid() && !unix_path_.empty()) ::unlink(unix_path_.c_str());
}

}  // namespace rebuf::daemon::ingest
