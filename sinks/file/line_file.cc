#include "sinks/file/line_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace rebuf::sinks::file {
namespace {

constexpr mode_t file_mode = 0640;

// Writes everything. 0 or errno.
int write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written > 0)
      bytes.remove_prefix(static_cast<std::size_t>(written));
    else if (written == 0)
      return ENOSPC;
    else if (errno != EINTR)
      return errno;
  }
  return 0;
}

// 0 or errno.
int sync_directory_of(const std::string& path) {
  auto directory = std::filesystem::path(path).parent_path();
  if (directory.empty()) directory = ".";
  const Fd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return fd.valid() && ::fsync(fd.get()) == 0 ? 0 : errno;
}

}  // namespace

std::optional<Failure> LineFile::ready() {
  if (good_size_ && !cut_back()) return failure("cannot cut back", errno);
  if (fd_.valid() && still_at_path()) return std::nullopt;
  return open();
}

bool LineFile::still_at_path() const {
  struct stat mine {};
  struct stat there {};
  return ::fstat(fd_.get(), &mine) == 0 && ::stat(path_.c_str(), &there) == 0 &&
         mine.st_dev == there.st_dev && mine.st_ino == there.st_ino;
}

std::optional<Failure> LineFile::open() {
  fd_.close();
  // O_NONBLOCK: a pipe without a reader must not hold us up before it is refused.
  Fd fd(::open(path_.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, file_mode));
  if (!fd.valid()) return failure("cannot open", errno);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return failure("cannot examine", errno);
  if (!S_ISREG(status.st_mode)) return failure("not a regular file:", 0);
  if (const int error = sync_directory_of(path_); error != 0)
    return failure("cannot sync the directory of", error);
  char last = '\n';
  if (status.st_size > 0 && ::pread(fd.get(), &last, 1, status.st_size - 1) != 1)
    return failure("cannot read", errno);
  unfinished_ = last != '\n';
  fd_ = std::move(fd);
  return std::nullopt;
}

std::optional<Failure> LineFile::append(std::string_view lines) {
  struct stat status {};
  if (::fstat(fd_.get(), &status) != 0) return failure("cannot examine", errno);
  good_size_ = status.st_size;
  std::string_view doing = "cannot write";
  int error = unfinished_ ? write_all(fd_.get(), "\n") : 0;
  if (error == 0) error = write_all(fd_.get(), lines);
  if (error == 0 && ::fdatasync(fd_.get()) != 0) {
    doing = "cannot sync";
    error = errno;
  }
  if (error != 0) {
    Failure failed = failure(doing, error);
    failed.maybe_written = !cut_back();
    return failed;
  }
  unfinished_ = false;
  good_size_.reset();
  return std::nullopt;
}

bool LineFile::cut_back() {
  if (::ftruncate(fd_.get(), *good_size_) != 0) return false;
  good_size_.reset();
  return true;
}

Failure LineFile::failure(std::string_view doing, int error) const {
  const bool full = error == ENOSPC || error == EDQUOT || error == EFBIG;
  std::string detail = std::string(doing) + " " + path_;
  if (error != 0) detail += ": " + std::generic_category().message(error);
  return {full ? "disk_full" : "file", std::move(detail), false};
}

}  // namespace rebuf::sinks::file
