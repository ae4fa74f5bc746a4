// The real file system: one system call a method, errors as -errno.
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <limits>

#include "rebuf/file_system.h"

namespace rebuf {

namespace {

int result_of(int returned) { return returned < 0 ? -errno : 0; }

class RealFile final : public File {
 public:
  explicit RealFile(int fd) : fd_(fd) {}
  ~RealFile() override { ::close(fd_); }

  std::int64_t pread(std::span<std::byte> into, std::uint64_t offset) override {
    const ssize_t n = ::pread(fd_, into.data(), into.size(), static_cast<off_t>(offset));
    return n < 0 ? -errno : n;
  }
  std::int64_t pwritev(std::span<const ::iovec> from, std::uint64_t offset) override {
    const auto at = static_cast<off_t>(offset);
    const ssize_t n = from.size() == 1  // the kernel is quicker with one buffer
                          ? ::pwrite(fd_, from[0].iov_base, from[0].iov_len, at)
                          : ::pwritev(fd_, from.data(), static_cast<int>(from.size()), at);
    return n < 0 ? -errno : n;
  }
  int ftruncate(std::uint64_t size) override {
    return result_of(::ftruncate(fd_, static_cast<off_t>(size)));
  }
  int fallocate(std::uint64_t offset, std::uint64_t length) override {
    return -::posix_fallocate(fd_, static_cast<off_t>(offset), static_cast<off_t>(length));
  }
  int fdatasync() override { return result_of(::fdatasync(fd_)); }
  int fsync() override { return result_of(::fsync(fd_)); }
  std::int64_t size() override {
    struct ::stat info {};
    return ::fstat(fd_, &info) < 0 ? -errno : info.st_size;
  }
  int advise(std::uint64_t offset, std::uint64_t length, int posix_fadv) override {
    return -::posix_fadvise(fd_, static_cast<off_t>(offset), static_cast<off_t>(length),
                            posix_fadv);
  }
  int lock_exclusive() override { return result_of(::flock(fd_, LOCK_EX | LOCK_NB)); }

 private:
  int fd_;
};

class RealFileSystem final : public FileSystem {
 public:
  Opened open(const std::filesystem::path& path, int flags, unsigned mode) override {
    const int fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
    if (fd < 0) return {nullptr, -errno};
    return {std::make_unique<RealFile>(fd), 0};
  }
  Opened open_directory(const std::filesystem::path& path) override {
    return open(path, O_RDONLY | O_DIRECTORY, 0);
  }
  int mkdir(const std::filesystem::path& path, unsigned mode) override {
    return result_of(::mkdir(path.c_str(), mode));
  }
  int rename(const std::filesystem::path& from, const std::filesystem::path& to) override {
    return result_of(::rename(from.c_str(), to.c_str()));
  }
  int rename_noreplace(const std::filesystem::path& from,
                       const std::filesystem::path& to) override {
    const int renamed =
        result_of(::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE));
    if (renamed != -EINVAL && renamed != -ENOSYS) return renamed;
    // A file system without RENAME_NOREPLACE (NFS, older FUSE). The directory is ours alone.
    if (::faccessat(AT_FDCWD, to.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0) return -EEXIST;
    return rename(from, to);
  }
  int unlink(const std::filesystem::path& path) override {
    return result_of(::unlink(path.c_str()));
  }
  Listing list(const std::filesystem::path& dir) override {
    Listing listing;
    DIR* stream = ::opendir(dir.c_str());
    if (stream == nullptr) return {{}, -errno};
    for (;;) {
      errno = 0;
      const dirent* found = ::readdir(stream);
      if (found == nullptr) break;
      const std::string name = found->d_name;
      if (name == "." || name == "..") continue;
      struct ::stat info {};
      if (::fstatat(::dirfd(stream), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) < 0) {
        if (errno == ENOENT) continue;  // gone since readdir saw it
        break;
      }
      const bool regular = S_ISREG(info.st_mode);
      listing.entries.push_back({name, regular, static_cast<std::uint64_t>(info.st_size)});
    }
    listing.error = -errno;
    ::closedir(stream);
    return listing;
  }
  std::int64_t free_bytes(const std::filesystem::path& path) override {
    struct ::statvfs info {};
    if (::statvfs(path.c_str(), &info) < 0) return -errno;
    const auto bytes = static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
    constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    return static_cast<std::int64_t>(bytes < most ? bytes : most);
  }
};

}  // namespace

FileSystem& FileSystem::real() {
  static RealFileSystem file_system;
  return file_system;
}

}  // namespace rebuf
