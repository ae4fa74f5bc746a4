#include "wal/io.h"

#include <fcntl.h>

#include <cerrno>
#include <utility>

namespace rebuf {

namespace {

// Drops the first `bytes` from what `from` lists.
std::span<::iovec> behind(std::span<::iovec> from, std::uint64_t bytes) {
  while (!from.empty() && bytes >= from.front().iov_len) {
    bytes -= from.front().iov_len;
    from = from.subspan(1);
  }
  if (bytes > 0) {
    from.front().iov_base = static_cast<std::byte*>(from.front().iov_base) + bytes;
    from.front().iov_len -= bytes;
  }
  return from;
}

template <class Call>
auto retried(const Call& call) {
  auto result = call();
  while (result == -EINTR) result = call();
  return result;
}

}  // namespace

Status io_error(std::string what, const std::filesystem::path& path, std::int64_t error) {
  const bool no_space = error == -ENOSPC || error == -EDQUOT;
  return {no_space ? Code::full : Code::io, std::move(what), path.string(),
          static_cast<int>(-error)};
}

std::int64_t read_at(File& file, std::span<std::byte> into, std::uint64_t offset) {
  std::size_t done = 0;
  while (done < into.size()) {
    const std::int64_t n = file.pread(into.subspan(done), offset + done);
    if (n == -EINTR) continue;
    if (n < 0) return n;
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
  }
  return static_cast<std::int64_t>(done);
}

WrittenBytes write_at(File& file, std::span<::iovec> from, std::uint64_t offset) {
  constexpr std::size_t most_vectors = 1024;  // IOV_MAX
  WrittenBytes written;
  from = behind(from, 0);
  while (!from.empty()) {
    const auto part = from.first(std::min(from.size(), most_vectors));
    const std::int64_t n = file.pwritev(part, offset + written.bytes);
    if (n == -EINTR) continue;
    if (n <= 0) {
      written.error = n < 0 ? static_cast<int>(n) : -EIO;
      break;
    }
    written.bytes += static_cast<std::uint64_t>(n);
    from = behind(from, static_cast<std::uint64_t>(n));
  }
  return written;
}

WrittenBytes write_at(File& file, Bytes from, std::uint64_t offset) {
  ::iovec one{const_cast<std::byte*>(from.data()), from.size()};
  return write_at(file, std::span(&one, 1), offset);
}

int fdatasync(File& file) {
  return retried([&] { return file.fdatasync(); });
}
int fsync(File& file) {
  return retried([&] { return file.fsync(); });
}
int ftruncate(File& file, std::uint64_t size) {
  return retried([&] { return file.ftruncate(size); });
}

FileSystem::Opened open_file(FileSystem& fs, const std::filesystem::path& path, int flags) {
  auto opened = fs.open(path, flags, 0640);
  while (opened.error == -EINTR) opened = fs.open(path, flags, 0640);
  return opened;
}

Result<std::unique_ptr<File>> lock_directory(FileSystem& fs, const std::filesystem::path& dir) {
  auto opened = fs.open_directory(dir);
  while (opened.error == -EINTR) opened = fs.open_directory(dir);
  if (opened.error == -ENOENT)
    return Status{Code::not_found, "open directory", dir.string(), ENOENT};
  if (opened.error != 0) return io_error("open directory", dir, opened.error);
  const int error = retried([&] { return opened.file->lock_exclusive(); });
  if (error == -EWOULDBLOCK) return Status{Code::locked, "lock", dir.string(), EWOULDBLOCK};
  if (error != 0) return io_error("lock", dir, error);
  return std::move(opened.file);
}

Status sync_directory(FileSystem& fs, const std::filesystem::path& dir) {
  auto opened = fs.open_directory(dir);
  while (opened.error == -EINTR) opened = fs.open_directory(dir);
  if (opened.error != 0) return io_error("open directory", dir, opened.error);
  const int error = fsync(*opened.file);
  return error == 0 ? Status{} : io_error("fsync directory", dir, error);
}

Status make_directory(FileSystem& fs, const std::filesystem::path& dir) {
  const int made = retried([&] { return fs.mkdir(dir, 0750); });
  if (made != 0 && made != -EEXIST) return io_error("mkdir", dir, made);
  // Also when it was there: who made it may have died before its name was durable.
  const auto parent = dir.has_parent_path() ? dir.parent_path() : std::filesystem::path(".");
  Status synced = sync_directory(fs, parent);
  const bool may_not_look = synced.errno_value() == EACCES || synced.errno_value() == EPERM;
  if (made == -EEXIST && may_not_look) return {};
  return synced;
}

}  // namespace rebuf
