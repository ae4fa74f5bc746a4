// The log's file system in memory: keeps a journal of every change, so that a test can cut the
// power after each of them, and asks a hook before every call, so that a test can refuse, shorten
// or fake it. Thread-safe. Outlives the logs on it.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "rebuf/file_system.h"
#include "tests/wal/sim/disk.h"

namespace rebuf::test {

enum class Call : std::uint8_t {
  open,
  open_directory,
  mkdir,
  rename,
  rename_noreplace,
  unlink,
  list,
  free_bytes,
  pread,
  pwritev,
  ftruncate,
  fallocate,
  fdatasync,
  fsync,
  size,
  advise,
  lock,
};
inline constexpr std::size_t call_kinds = 17;
[[nodiscard]] const char* name_of(Call call);

// A call that is about to be made.
struct Asked {
  Call call;
  std::uint64_t nth;        // of its kind, from 1
  const std::string& path;  // of a file: the one it was opened with
};

// What becomes of it.
struct Verdict {
  enum class Kind : std::uint8_t {
    proceed,
    answer,        // nothing happens, and the caller gets `value`: an error, or a lie
    half,          // pread and pwritev: half of it happens
    claimed_half,  // pwritev: half of it happens, and the caller is told that all did
    replace,       // rename_noreplace: replaces
    lost_sync,     // fdatasync and fsync: fails, and the caller is told that it did not
  };
  Kind kind = Kind::proceed;
  std::int64_t value = 0;

  static Verdict fail(int error) { return {Kind::answer, -error}; }
  static Verdict skip() { return {Kind::answer, 0}; }
};

class SimFileSystem final : public FileSystem {
 public:
  explicit SimFileSystem(Disk disk = {}) : disk_(std::move(disk)) {}

  // Asked before every call, under the lock. An error for fdatasync or fsync loses what was to be
  // synced, as the kernel does; but for EINTR, which changed nothing.
  void set_hook(std::function<Verdict(const Asked&)> hook);
  // Changes what list gives.
  void set_listing_hook(std::function<void(Listing&)> hook);
  void set_capacity(std::uint64_t bytes);  // of all files together; beyond it ENOSPC

  [[nodiscard]] Disk disk() const;
  [[nodiscard]] std::vector<Change> journal() const;
  [[nodiscard]] std::size_t journal_length() const;
  [[nodiscard]] std::uint64_t calls(Call call) const;

  Opened open(const std::filesystem::path& path, int flags, unsigned mode) override;
  Opened open_directory(const std::filesystem::path& path) override;
  int mkdir(const std::filesystem::path& path, unsigned mode) override;
  int rename(const std::filesystem::path& from, const std::filesystem::path& to) override;
  int rename_noreplace(const std::filesystem::path& from, const std::filesystem::path& to) override;
  int unlink(const std::filesystem::path& path) override;
  Listing list(const std::filesystem::path& dir) override;
  std::int64_t free_bytes(const std::filesystem::path& path) override;

 private:
  friend class SimFile;
  Verdict ask(Call call, const std::string& path);
  void apply(Change change);
  int rename_locked(const std::string& from, const std::string& to, bool replace);
  int space_for(std::uint64_t grown) const;

  mutable std::mutex mutex_;
  Disk disk_;
  std::vector<Change> journal_;
  std::set<InodeId> locked_;
  std::array<std::uint64_t, call_kinds> calls_{};
  std::function<Verdict(const Asked&)> hook_;
  std::function<void(Listing&)> listing_hook_;
  std::uint64_t capacity_ = std::numeric_limits<std::int64_t>::max();
};

}  // namespace rebuf::test
