#include "daemon/socket_file.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "sinks/fd.h"

namespace rebuf::daemon {
namespace {

Status failed(const std::string& what, const std::string& path) {
  return {Code::io, what, path, errno};
}

// Removes a socket file that nobody answers on.
Status clear_stale(const sockaddr_un& address) {
  const std::string path = address.sun_path;
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return errno == ENOENT ? Status() : failed("stat", path);
  if (!S_ISSOCK(info.st_mode))
    return {Code::locked, "bind: a file that is no socket is there", path};
  const sinks::Fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!probe.valid()) return failed("socket", path);
  // Non-blocking: a live process with a full backlog gives EAGAIN, a dead one ECONNREFUSED.
  if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
      errno != ECONNREFUSED)
    return {Code::locked, "bind: another process answers on this socket", path, EADDRINUSE};
  if (::unlink(path.c_str()) != 0) return failed("unlink the stale socket", path);
  return {};
}

}  // namespace

Result<sockaddr_un> make_way_for_socket(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return Status(Code::invalid_argument, "a Unix socket's path has at most 107 bytes", path);
  std::memcpy(address.sun_path, path.data(), path.size());
  const std::string directory = std::filesystem::path(path).parent_path();
  constexpr mode_t mode = 0755;
  if (::mkdir(directory.c_str(), mode) != 0 && errno == ENOENT)
    return failed("make the directory of the socket", directory);
  // Any other failure matters only when the directory is not there, and then bind tells.
  if (Status status = clear_stale(address); !status) return status;
  return address;
}

}  // namespace rebuf::daemon
