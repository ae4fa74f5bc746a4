// A file with bad sectors, read as if they held zeros: for who has waited long enough for them and
// wants what is around them. Reading only. Owned as the file that it wraps.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "rebuf/file_system.h"

namespace rebuf {

class PatchedFile final : public File {
 public:
  explicit PatchedFile(std::shared_ptr<File> file);

  std::int64_t pread(std::span<std::byte> into, std::uint64_t offset) override;
  std::int64_t pwritev(std::span<const ::iovec> from, std::uint64_t offset) override;
  int ftruncate(std::uint64_t size) override;
  int fallocate(std::uint64_t offset, std::uint64_t length) override;
  int fdatasync() override;
  int fsync() override;
  std::int64_t size() override;
  int advise(std::uint64_t offset, std::uint64_t length, int posix_fadv) override;
  int lock_exclusive() override;

 private:
  const std::shared_ptr<File> file_;
};

}  // namespace rebuf
