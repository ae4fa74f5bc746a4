// The real file system, but for what a test wants to fail: the next sync of a file, every write (or
// to hang), and reading the first page of some files.
#pragma once

#include <atomic>
#include <cerrno>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "rebuf/file_system.h"

namespace rebuf::daemon {

class FaultyDisk final : public FileSystem {
 public:
  static constexpr std::uint64_t bad_bytes = 4096;

  std::atomic<bool> fail_next_sync{false};
  std::atomic<bool> full{false};             // nothing can be written or made
  std::atomic<bool> hangs{false};            // writes do not return; notify when they may again
  std::atomic<std::uint64_t> read_bytes{0};  // so far
  std::atomic<std::int64_t> free{-1};        // bytes, on all of it; below 0: as it really is
  // From here on the first page of files of these names cannot be read.
  void spoil(std::set<std::string> names) {
    const std::lock_guard lock(mutex_);
    spoilt_ = std::move(names);
  }

  Opened open(const std::filesystem::path& path, int flags, unsigned mode) override {
    return wrapped(path, real_.open(path, flags, mode));
  }
  Opened open_directory(const std::filesystem::path& path) override {
    return wrapped(path, real_.open_directory(path));
  }
  int mkdir(const std::filesystem::path& path, unsigned mode) override {
    return full && !std::filesystem::exists(path) ? -ENOSPC : real_.mkdir(path, mode);
  }
  int rename(const std::filesystem::path& from, const std::filesystem::path& to) override {
    return real_.rename(from, to);
  }
  int rename_noreplace(const std::filesystem::path& from,
                       const std::filesystem::path& to) override {
    return real_.rename_noreplace(from, to);
  }
  int unlink(const std::filesystem::path& path) override { return real_.unlink(path); }
  Listing list(const std::filesystem::path& dir) override { return real_.list(dir); }
  std::int64_t free_bytes(const std::filesystem::path& path) override {
    return free < 0 ? real_.free_bytes(path) : free.load();
  }

 private:
  class Wrapped final : public File {
   public:
    Wrapped(FaultyDisk& owner, std::string name, std::unique_ptr<File> file)
        : owner_(owner), name_(std::move(name)), file_(std::move(file)) {}
    std::int64_t pread(std::span<std::byte> into, std::uint64_t offset) override {
      if (offset < bad_bytes && owner_.spoils(name_)) return -EIO;
      const std::int64_t read = file_->pread(into, offset);
      if (read > 0) owner_.read_bytes += static_cast<std::uint64_t>(read);
      return read;
    }
    std::int64_t pwritev(std::span<const ::iovec> from, std::uint64_t offset) override {
      owner_.hangs.wait(true);
      return owner_.full ? -ENOSPC : file_->pwritev(from, offset);
    }
    int ftruncate(std::uint64_t size) override { return file_->ftruncate(size); }
    int fallocate(std::uint64_t offset, std::uint64_t length) override {
      return owner_.full ? -ENOSPC : file_->fallocate(offset, length);
    }
    int fdatasync() override {
      return owner_.fail_next_sync.exchange(false) ? -EIO : file_->fdatasync();
    }
    int fsync() override { return file_->fsync(); }
    std::int64_t size() override { return file_->size(); }
    int advise(std::uint64_t offset, std::uint64_t length, int advice) override {
      return file_->advise(offset, length, advice);
    }
    int lock_exclusive() override { return file_->lock_exclusive(); }

   private:
    FaultyDisk& owner_;
    const std::string name_;
    std::unique_ptr<File> file_;
  };
  Opened wrapped(const std::filesystem::path& path, Opened opened) {
    if (opened.file)
      opened.file = std::make_unique<Wrapped>(*this, path.filename(), std::move(opened.file));
    return opened;
  }
  bool spoils(const std::string& name) const {
    const std::lock_guard lock(mutex_);
    return spoilt_.contains(name);
  }

  FileSystem& real_ = FileSystem::real();
  mutable std::mutex mutex_;
  std::set<std::string> spoilt_;  // guarded by mutex_
};

}  // namespace rebuf::daemon
