#include "daemon/data_dir.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace rebuf::daemon {
namespace {

constexpr mode_t directory_mode = 0750;

Status make_directories(const std::filesystem::path& path) {
  std::filesystem::path so_far;
  for (const std::filesystem::path& part : path) {
    so_far /= part;
    if (::mkdir(so_far.c_str(), directory_mode) == 0 || errno == EEXIST) continue;
    // Without permission to look or to write there, it may exist all the same.
    if (::access(so_far.c_str(), F_OK) == 0) continue;
    return {Code::io, "mkdir", so_far.string(), errno};
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
