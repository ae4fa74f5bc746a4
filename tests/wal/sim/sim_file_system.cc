#include "tests/wal/sim/sim_file_system.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "tests/wal/sim/sim_file.h"

namespace rebuf::test {

using Kind = Change::Kind;
using Path = std::filesystem::path;

const char* name_of(Call call) {
  static constexpr std::array<const char*, call_kinds> names = {"open",
                                                                "open_directory",
                                                                "mkdir",
                                                                "rename",
                                                                "rename_noreplace",
                                                                "unlink",
                                                                "list",
                                                                "free_bytes",
                                                                "pread",
                                                                "pwritev",
                                                                "ftruncate",
                                                                "fallocate",
                                                                "fdatasync",
                                                                "fsync",
                                                                "size",
                                                                "advise",
                                                                "lock"};
  return names.at(static_cast<std::size_t>(call));
}

void SimFileSystem::set_hook(std::function<Verdict(const Asked&)> hook) {
  const std::lock_guard lock(mutex_);
  hook_ = std::move(hook);
}

void SimFileSystem::set_listing_hook(std::function<void(Listing&)> hook) {
  const std::lock_guard lock(mutex_);
  listing_hook_ = std::move(hook);
}

void SimFileSystem::set_capacity(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  capacity_ = bytes;
}

Disk SimFileSystem::disk() const {
  const std::lock_guard lock(mutex_);
  return disk_;
}

std::vector<Change> SimFileSystem::journal() const {
  const std::lock_guard lock(mutex_);
  return journal_;
}

std::size_t SimFileSystem::journal_length() const {
  const std::lock_guard lock(mutex_);
  return journal_.size();
}

std::uint64_t SimFileSystem::calls(Call call) const {
  const std::lock_guard lock(mutex_);
  return calls_.at(static_cast<std::size_t>(call));
}

Verdict SimFileSystem::ask(Call call, const std::string& path) {
  const std::uint64_t nth = ++calls_.at(static_cast<std::size_t>(call));
  return hook_ ? hook_({call, nth, path}) : Verdict{};
}

void SimFileSystem::apply(Change change) {
  disk_.apply(change);
  journal_.push_back(std::move(change));
}

int SimFileSystem::space_for(std::uint64_t grown) const {
  return disk_.used_bytes() + grown > capacity_ ? -ENOSPC : 0;
}

FileSystem::Opened SimFileSystem::open(const Path& path, int flags, unsigned /*mode*/) {
  const std::lock_guard lock(mutex_);
  const std::string name = path.string();
  if (const Verdict verdict = ask(Call::open, name); verdict.kind == Verdict::Kind::answer)
    return {nullptr, static_cast<int>(verdict.value)};
  auto inode = disk_.find(name);
  if (inode && (flags & O_CREAT) != 0 && (flags & O_EXCL) != 0) return {nullptr, -EEXIST};
  if (inode && disk_.is_directory(*inode)) return {nullptr, -EISDIR};
  if (!inode) {
    if ((flags & O_CREAT) == 0 || !disk_.find(parent(name))) return {nullptr, -ENOENT};
    inode = disk_.unused_inode();
    apply({.kind = Kind::create, .inode = *inode, .path = name});
  } else if ((flags & O_TRUNC) != 0) {
    apply({.kind = Kind::resize, .inode = *inode, .offset = 0});
  }
  return {std::make_unique<SimFile>(*this, *inode, name, (flags & O_ACCMODE) != O_RDONLY), 0};
}

FileSystem::Opened SimFileSystem::open_directory(const Path& path) {
  const std::lock_guard lock(mutex_);
  const std::string name = path.string();
  if (const Verdict verdict = ask(Call::open_directory, name);
      verdict.kind == Verdict::Kind::answer)
    return {nullptr, static_cast<int>(verdict.value)};
  const auto inode = disk_.find(name);
  if (!inode) return {nullptr, -ENOENT};
  if (!disk_.is_directory(*inode)) return {nullptr, -ENOTDIR};
  return {std::make_unique<SimFile>(*this, *inode, name, false), 0};
}

int SimFileSystem::mkdir(const Path& path, unsigned /*mode*/) {
  const std::lock_guard lock(mutex_);
  const std::string name = path.string();
  if (const Verdict verdict = ask(Call::mkdir, name); verdict.kind == Verdict::Kind::answer)
    return static_cast<int>(verdict.value);
  if (disk_.find(name)) return -EEXIST;
  if (!disk_.find(parent(name))) return -ENOENT;
  apply({.kind = Kind::make_directory, .inode = disk_.unused_inode(), .path = name});
  return 0;
}

int SimFileSystem::rename(const Path& from, const Path& to) {
  const std::lock_guard lock(mutex_);
  if (const Verdict verdict = ask(Call::rename, from.string());
      verdict.kind == Verdict::Kind::answer)
    return static_cast<int>(verdict.value);
  return rename_locked(from.string(), to.string(), true);
}

int SimFileSystem::rename_noreplace(const Path& from, const Path& to) {
  const std::lock_guard lock(mutex_);
  const Verdict verdict = ask(Call::rename_noreplace, from.string());
  if (verdict.kind == Verdict::Kind::answer) return static_cast<int>(verdict.value);
  return rename_locked(from.string(), to.string(), verdict.kind == Verdict::Kind::replace);
}

int SimFileSystem::rename_locked(const std::string& from, const std::string& to, bool replace) {
  if (!disk_.find(from) || !disk_.find(parent(to))) return -ENOENT;
  if (!replace && disk_.find(to)) return -EEXIST;
  apply({.kind = Kind::rename, .path = from, .to = to});
  return 0;
}

int SimFileSystem::unlink(const Path& path) {
  const std::lock_guard lock(mutex_);
  const std::string name = path.string();
  if (const Verdict verdict = ask(Call::unlink, name); verdict.kind == Verdict::Kind::answer)
    return static_cast<int>(verdict.value);
  const auto inode = disk_.find(name);
  if (!inode) return -ENOENT;
  if (disk_.is_directory(*inode)) return -EISDIR;
  apply({.kind = Kind::unlink, .path = name});
  return 0;
}

FileSystem::Listing SimFileSystem::list(const Path& dir) {
  const std::lock_guard lock(mutex_);
  const std::string name = dir.string();
  if (const Verdict verdict = ask(Call::list, name); verdict.kind == Verdict::Kind::answer)
    return {{}, static_cast<int>(verdict.value)};
  const auto inode = disk_.find(name);
  if (!inode) return {{}, -ENOENT};
  if (!disk_.is_directory(*inode)) return {{}, -ENOTDIR};
  Listing listing;
  for (const auto& [path, child] : disk_.names())
    if (path != "/" && parent(path) == name)
      listing.entries.push_back({path.substr(path.rfind('/') + 1), !disk_.is_directory(child),
                                 disk_.content(child).size()});
  if (listing_hook_) listing_hook_(listing);
  return listing;
}

std::int64_t SimFileSystem::free_bytes(const Path& path) {
  const std::lock_guard lock(mutex_);
  if (const Verdict verdict = ask(Call::free_bytes, path.string());
      verdict.kind == Verdict::Kind::answer)
    return verdict.value;
  return static_cast<std::int64_t>(capacity_ - std::min(capacity_, disk_.used_bytes()));
}

}  // namespace rebuf::test
