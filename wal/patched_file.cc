#include "wal/patched_file.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "wal/io.h"

namespace rebuf {

namespace {
constexpr std::uint64_t page_bytes = 4096;  // what the kernel reads or fails to read at once
}

PatchedFile::PatchedFile(std::shared_ptr<File> file) : file_(std::move(file)) {}

std::int64_t PatchedFile::pread(std::span<std::byte> into, std::uint64_t offset) {
  std::int64_t n = file_->pread(into, offset);
  if (n >= 0 || n == -EINTR) return n;
  const std::int64_t bytes = file_->size();
  if (bytes < 0) return bytes;
  const auto end = static_cast<std::uint64_t>(bytes);
  if (offset >= end) return 0;
  // One page a call: the caller comes back for the rest.
  const std::uint64_t to_page_end = page_bytes - offset % page_bytes;
  const auto page = into.first(std::min<std::uint64_t>({into.size(), to_page_end, end - offset}));
  n = read_at(*file_, page, offset);
  if (n >= 0) return n;
  std::ranges::fill(page, std::byte{0});
  return static_cast<std::int64_t>(page.size());
}

std::int64_t PatchedFile::pwritev(std::span<const ::iovec> /*from*/, std::uint64_t /*offset*/) {
  return -EROFS;
}
int PatchedFile::ftruncate(std::uint64_t /*size*/) { return -EROFS; }
int PatchedFile::fallocate(std::uint64_t /*offset*/, std::uint64_t /*length*/) { return -EROFS; }
int PatchedFile::fdatasync() { return file_->fdatasync(); }
int PatchedFile::fsync() { return file_->fsync(); }
std::int64_t PatchedFile::size() { return file_->size(); }
int PatchedFile::advise(std::uint64_t offset, std::uint64_t length, int posix_fadv) {
  return file_->advise(offset, length, posix_fadv);
}
int PatchedFile::lock_exclusive() { return file_->lock_exclusive(); }

}  // namespace rebuf
