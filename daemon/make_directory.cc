#include "daemon/make_directory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace rebuf::daemon {

Status make_directory(const std::filesystem::path& dir) {
  const bool made = ::mkdir(dir.c_str(), 0750) == 0;
  if (!made && errno != EEXIST) return {Code::io, "mkdir", dir.string(), errno};
  const auto parent = dir.has_parent_path() ? dir.parent_path() : std::filesystem::path(".");
  const int fd = ::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool durable = fd >= 0 && ::fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  const bool may_not_look = error == EACCES || error == EPERM;
  if (durable || (!made && may_not_look)) return {};
  return {Code::io, "fsync", parent.string(), error};
}

}  // namespace rebuf::daemon
