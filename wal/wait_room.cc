#include "wal/wait_room.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <limits>

namespace rebuf {

namespace {

void futex(std::atomic<std::uint32_t>& word, int operation, std::uint32_t value) {
  static_assert(sizeof(word) == sizeof(std::uint32_t));
  ::syscall(SYS_futex, &word, operation | FUTEX_PRIVATE_FLAG, value, nullptr, nullptr, 0);
}

}  // namespace

void WaitRoom::wait(const std::atomic<bool>& done) {
  for (;;) {
    const std::uint32_t rings = rings_.load(std::memory_order_acquire);
    if (done.load(std::memory_order_acquire)) return;
    futex(rings_, FUTEX_WAIT, rings);  // returns at once if it rang meanwhile
  }
}

void WaitRoom::ring() {
  rings_.fetch_add(1, std::memory_order_release);
  futex(rings_, FUTEX_WAKE, std::numeric_limits<int>::max());
}

}  // namespace rebuf
