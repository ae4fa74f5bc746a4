// What the log makes of single system calls: EINTR is retried, short counts are continued, errors
// become a Status. Stateless; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "rebuf/file_system.h"
#include "rebuf/options.h"
#include "rebuf/status.h"

namespace rebuf {

// `error` is -errno: ENOSPC and EDQUOT are Code::full, everything else Code::io.
[[nodiscard]] Status io_error(std::string what, const std::filesystem::path& path,
                              std::int64_t error);

// Bytes read, fewer than asked only at the end of the file; or -errno.
[[nodiscard]] std::int64_t read_at(File& file, std::span<std::byte> into, std::uint64_t offset);

struct WrittenBytes {
  std::uint64_t bytes = 0;  // that stand in the file, from the front of what was given
  int error = 0;            // -errno of the call that ended it early
};
[[nodiscard]] WrittenBytes write_at(File& file, std::span<::iovec> from, std::uint64_t offset);
[[nodiscard]] WrittenBytes write_at(File& file, Bytes from, std::uint64_t offset);

[[nodiscard]] int fdatasync(File& file);
[[nodiscard]] int fsync(File& file);
[[nodiscard]] int ftruncate(File& file, std::uint64_t size);

// Opens, with EINTR retried.
[[nodiscard]] FileSystem::Opened open_file(FileSystem& fs, const std::filesystem::path& path,
                                           int flags);
// Opens and locks it; the lock lasts as long as the file is open. Errors: locked, io.
[[nodiscard]] Result<std::unique_ptr<File>> lock_directory(FileSystem& fs,
                                                           const std::filesystem::path& dir);
// Makes names made, changed or removed in `dir` durable.
[[nodiscard]] Status sync_directory(FileSystem& fs, const std::filesystem::path& dir);
// Makes `dir` if it is missing (not its parents), and its name durable.
[[nodiscard]] Status make_directory(FileSystem& fs, const std::filesystem::path& dir);

}  // namespace rebuf
