#include "daemon/make_directory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace rebuf::daemon {

Status make_directory(const std::filesystem::path& dir) {
  if (::mkdir(dir.c_str(), 0750) == 0) {
    const int parent = ::open(dir.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool durable = parent >= 0 && ::fsync(parent) == 0;
    const int error = errno;
    if (parent >= 0) ::close(parent);
    if (!durable) return {Code::io, "fsync", dir.parent_path().string(), error};
    return {};
  }
  if (errno == EEXIST) return {};
  return {Code::io, "mkdir", dir.string(), errno};
}

}  // namespace rebuf::daemon
