#include "tests/wal/sim/sim_file.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace rebuf::test {

using Kind = Change::Kind;

SimFile::~SimFile() {
  const std::lock_guard lock(owner_.mutex_);
  if (holds_lock_) owner_.locked_.erase(inode_);
}

std::int64_t SimFile::pread(std::span<std::byte> into, std::uint64_t offset) {
  const std::lock_guard lock(owner_.mutex_);
  const Verdict verdict = owner_.ask(Call::pread, path_);
  if (verdict.kind == Verdict::Kind::answer) return verdict.value;
  const std::string& content = owner_.disk_.content(inode_);
  if (offset >= content.size()) return 0;
  std::size_t count = std::min<std::size_t>(into.size(), content.size() - offset);
  if (verdict.kind == Verdict::Kind::half) count = (count + 1) / 2;
  std::memcpy(into.data(), content.data() + offset, count);
  return static_cast<std::int64_t>(count);
}

std::int64_t SimFile::pwritev(std::span<const ::iovec> from, std::uint64_t offset) {
  const std::lock_guard lock(owner_.mutex_);
  const Verdict verdict = owner_.ask(Call::pwritev, path_);
  if (verdict.kind == Verdict::Kind::answer) return verdict.value;
  if (!writable_) return -EBADF;
  std::string data;
  for (const ::iovec& part : from)
    data.append(static_cast<const char*>(part.iov_base), part.iov_len);
  const std::size_t whole = data.size();
  const bool claims = verdict.kind == Verdict::Kind::claimed_half;
  if (verdict.kind == Verdict::Kind::half || claims) data.resize((whole + 1) / 2);
  const std::uint64_t size = owner_.disk_.content(inode_).size();
  // A full disk takes what fits, and refuses when nothing does.
  while (!data.empty() && owner_.space_for(std::max(size, offset + data.size()) - size) != 0)
    data.resize(data.size() / 2);
  if (data.empty() && !from.empty()) return -ENOSPC;
  const auto count = static_cast<std::int64_t>(claims ? whole : data.size());
  owner_.apply({.kind = Kind::write, .inode = inode_, .offset = offset, .data = std::move(data)});
  return count;
}

int SimFile::resize(std::uint64_t size) {
  if (!writable_) return -EBADF;
  const std::uint64_t before = owner_.disk_.content(inode_).size();
  if (size > before && owner_.space_for(size - before) != 0) return -ENOSPC;
  owner_.apply({.kind = Kind::resize, .inode = inode_, .offset = size});
  return 0;
}

int SimFile::ftruncate(std::uint64_t size) {
  const std::lock_guard lock(owner_.mutex_);
  const Verdict verdict = owner_.ask(Call::ftruncate, path_);
  if (verdict.kind == Verdict::Kind::answer) return static_cast<int>(verdict.value);
  return resize(size);
}

int SimFile::fallocate(std::uint64_t offset, std::uint64_t length) {
  const std::lock_guard lock(owner_.mutex_);
  const Verdict verdict = owner_.ask(Call::fallocate, path_);
  if (verdict.kind == Verdict::Kind::answer) return static_cast<int>(verdict.value);
  const std::uint64_t size = owner_.disk_.content(inode_).size();
  return resize(std::max(size, offset + length));
}

int SimFile::sync(Call call) {
  const std::lock_guard lock(owner_.mutex_);
  const Verdict verdict = owner_.ask(call, path_);
  const bool directory = owner_.disk_.is_directory(inode_);
  if (verdict.kind == Verdict::Kind::answer) {
    const bool loses = verdict.value < 0 && verdict.value != -EINTR && !directory;
    if (loses) owner_.apply({.kind = Kind::sync_fails, .inode = inode_});
    return static_cast<int>(verdict.value);
  }
  if (verdict.kind == Verdict::Kind::lost_sync) {
    owner_.apply({.kind = Kind::sync_fails, .inode = inode_});
    return 0;
  }
  if (directory)
    owner_.apply({.kind = Kind::sync_directory, .path = path_});
  else
    owner_.apply({.kind = Kind::sync_file, .inode = inode_});
  return 0;
}

std::int64_t SimFile::size() {
  const std::lock_guard lock(owner_.mutex_);
  const Verdict verdict = owner_.ask(Call::size, path_);
  if (verdict.kind == Verdict::Kind::answer) return verdict.value;
  return static_cast<std::int64_t>(owner_.disk_.content(inode_).size());
}

int SimFile::advise(std::uint64_t /*offset*/, std::uint64_t /*length*/, int posix_fadv) {
  const std::lock_guard lock(owner_.mutex_);
  const Verdict verdict = owner_.ask(Call::advise, path_);
  if (verdict.kind == Verdict::Kind::answer) return static_cast<int>(verdict.value);
  if (posix_fadv == POSIX_FADV_DONTNEED && owner_.disk_.shows_lost_bytes(inode_))
    owner_.apply({.kind = Kind::drop_cache, .inode = inode_});
  return 0;
}

int SimFile::lock_exclusive() {
  const std::lock_guard lock(owner_.mutex_);
  const Verdict verdict = owner_.ask(Call::lock, path_);
  if (verdict.kind == Verdict::Kind::answer) return static_cast<int>(verdict.value);
  if (!holds_lock_ && !owner_.locked_.insert(inode_).second) return -EWOULDBLOCK;
  holds_lock_ = true;
  return 0;
}

}  // namespace rebuf::test
