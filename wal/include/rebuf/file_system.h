// The one seam between the log and the disk: every system call that wal/ makes on files goes
// through here, so that tests can fail, tear, reorder and forget them. Calls have the semantics of
// the POSIX call they are named after, return the value or -errno, and do not retry: EINTR and
// short counts are the log's business. Thread-safe as the kernel is.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace rebuf {

class File {
 public:
  virtual ~File() = default;  // closes
  File() = default;
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  virtual std::int64_t pread(std::span<std::byte> into, std::uint64_t offset) = 0;
  virtual std::int64_t pwritev(std::span<const ::iovec> from, std::uint64_t offset) = 0;
  virtual int ftruncate(std::uint64_t size) = 0;
  virtual int fallocate(std::uint64_t offset,
                        std::uint64_t length) = 0;  // posix_fallocate: extends the size
  virtual int fdatasync() = 0;
  virtual int fsync() = 0;
  virtual std::int64_t size() = 0;  // fstat
  virtual int advise(std::uint64_t offset, std::uint64_t length, int posix_fadv) = 0;
  virtual int lock_exclusive() = 0;  // flock(LOCK_EX | LOCK_NB); -EWOULDBLOCK when another holds it
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;
  FileSystem() = default;
  FileSystem(const FileSystem&) = delete;
  FileSystem& operator=(const FileSystem&) = delete;

  struct Opened {
    std::unique_ptr<File> file;  // null on error
    int error = 0;               // 0 or -errno
  };
  struct Listing {
    struct Entry {
      std::string name;
      bool regular_file = true;
      std::uint64_t size = 0;  // bytes
    };
    std::vector<Entry> entries;  // without . and ..
    int error = 0;
  };

  virtual Opened open(const std::filesystem::path& path, int flags,
                      unsigned mode) = 0;  // flags as open(2); O_CLOEXEC added
  virtual Opened open_directory(const std::filesystem::path& path) = 0;  // for fsync and flock
  virtual int mkdir(const std::filesystem::path& path, unsigned mode) = 0;
  virtual int rename(const std::filesystem::path& from, const std::filesystem::path& to) = 0;
  virtual int rename_noreplace(const std::filesystem::path& from,
                               const std::filesystem::path& to) = 0;
  virtual int unlink(const std::filesystem::path& path) = 0;
  virtual Listing list(const std::filesystem::path& dir) = 0;
  virtual std::int64_t free_bytes(
      const std::filesystem::path& path) = 0;  // statvfs, for an unprivileged process

  // The real one: a stateless singleton.
  static FileSystem& real();
};

}  // namespace rebuf
