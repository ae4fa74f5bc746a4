// An open file or directory of a SimFileSystem.
#pragma once

#include <string>

#include "tests/wal/sim/sim_file_system.h"

namespace rebuf::test {

class SimFile final : public File {
 public:
  SimFile(SimFileSystem& owner, InodeId inode, std::string path, bool writable)
      : owner_(owner), inode_(inode), path_(std::move(path)), writable_(writable) {}
  ~SimFile() override;

  std::int64_t pread(std::span<std::byte> into, std::uint64_t offset) override;
  std::int64_t pwritev(std::span<const ::iovec> from, std::uint64_t offset) override;
  int ftruncate(std::uint64_t size) override;
  int fallocate(std::uint64_t offset, std::uint64_t length) override;
  int fdatasync() override { return sync(Call::fdatasync); }
  int fsync() override { return sync(Call::fsync); }
  std::int64_t size() override;
  int advise(std::uint64_t offset, std::uint64_t length, int posix_fadv) override;
  int lock_exclusive() override;

 private:
  int sync(Call call);
  int resize(std::uint64_t size);

  SimFileSystem& owner_;
  InodeId inode_;
  std::string path_;
  bool writable_;
  bool holds_lock_ = false;
};

}  // namespace rebuf::test
