#include "daemon/data_dir.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "daemon/make_directory.h"

namespace rebuf::daemon {
namespace {

Status make_directories(const std::filesystem::path& path) {
  std::filesystem::path so_far;
  for (const std::filesystem::path& part : path) {
    if (part.empty()) continue;  // behind a slash at the end
    so_far /= part;
    if (::access(so_far.c_str(), F_OK) == 0) continue;
    if (Status status = make_directory(so_far); !status.ok()) return status;
  }
  return {};
}

}  // namespace

Result<DataDir> DataDir::hold(const std::filesystem::path& path) {
  if (Status status = make_directories(path); !status.ok()) return status;
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return Status(Code::io, "open", path.string(), errno);
  DataDir held(path, fd);
  if (::access(path.c_str(), W_OK | X_OK) != 0)
    return Status(Code::io, "write into", path.string(), errno);
  if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return held;
  if (errno == EWOULDBLOCK) return Status(Code::locked, "another rebufd holds", path.string());
  return Status(Code::io, "flock", path.string(), errno);
}

DataDir::~DataDir() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace rebuf::daemon
