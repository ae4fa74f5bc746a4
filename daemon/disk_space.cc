#include "daemon/disk_space.h"

#include <utility>

namespace rebuf::daemon {

DiskSpace::DiskSpace(std::filesystem::path dir, std::uint64_t keep_free, FileSystem& disk)
    : dir_(std::move(dir)), keep_free_(keep_free), disk_(disk) {}

void DiskSpace::look() {
  constexpr auto now_and_then = std::chrono::milliseconds(20);
  const std::lock_guard lock(mutex_);
  if (std::chrono::steady_clock::now() - looked_at_ >= now_and_then) ask();
}

void DiskSpace::look_at_once() {
  const std::lock_guard lock(mutex_);
  ask();
}

// What has not ended before the question may be in the answer already: then it counts twice, until
// the next one.
void DiskSpace::ask() {
  if (keep_free_ == 0) return;
  looked_at_ = std::chrono::steady_clock::now();
  const std::uint64_t ended = ended_;
  const std::int64_t answer = disk_.free_bytes(dir_);
  const auto free = static_cast<std::uint64_t>(answer);
  half_used_ = answer >= 0 && free < keep_free_ / 2;
  if (answer < 0)
    limit_ = without_limit;
  else
    limit_ = ended + (free > keep_free_ ? free - keep_free_ : 0);
}

std::uint64_t DiskSpace::room() const {
  const std::uint64_t limit = limit_;
  if (limit == without_limit) return without_limit;
  const std::uint64_t appended = appended_;
  return limit > appended ? limit - appended : 0;
}

}  // namespace rebuf::daemon
