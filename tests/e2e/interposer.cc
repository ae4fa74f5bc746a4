// Preloaded into rebufd (LD_PRELOAD): a disk that fails and a wall clock that jumps, without root
// and without hurting the machine. rebufd calls the functions below instead of the C library's;
// each does what the mapped file says, else what it is for.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "interposed.h"

namespace {

using rebuf::e2e::Interposed;

const Interposed& interposed() {
  static const Interposed* const shared = [] {
    static const Interposed nothing;
    const char* const path = std::getenv(rebuf::e2e::interposed_variable);
    const int file = path == nullptr ? -1 : ::open(path, O_RDONLY | O_CLOEXEC);
    void* const at =
        file < 0 ? MAP_FAILED : ::mmap(nullptr, sizeof(Interposed), PROT_READ, MAP_SHARED, file, 0);
    if (file >= 0) ::close(file);
    return at == MAP_FAILED ? &nothing : static_cast<const Interposed*>(at);
  }();
  return *shared;
}

// The function that would have been called.
template <typename Function>
Function* original(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

int failure(std::int32_t error) {
  errno = error;
  return -1;
}

// A full disk still takes what stays within the blocks that a file has.
bool stays_within(int fd, off_t end) {
  struct stat now {};
  return ::fstat(fd, &now) == 0 && end <= now.st_size && end <= now.st_blocks * 512;
}

// The error of writing up to `end`; 0: it may be done.
std::int32_t write_error(int fd, off_t end) {
  const std::int32_t error = interposed().write_error.load();
  return error == ENOSPC && stays_within(fd, end) ? 0 : error;
}

bool is_wall_clock(clockid_t clock) {
  return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
}

}  // namespace

// NOLINTBEGIN: the C library's names and types
extern "C" {

ssize_t pwrite(int fd, const void* from, size_t size, off_t at) {
  static const auto real = original<ssize_t(int, const void*, size_t, off_t)>("pwrite");
  const std::int32_t error = write_error(fd, at + static_cast<off_t>(size));
  return error != 0 ? failure(error) : real(fd, from, size, at);
}

ssize_t pwritev(int fd, const iovec* from, int count, off_t at) {
  static const auto real = original<ssize_t(int, const iovec*, int, off_t)>("pwritev");
  off_t end = at;
  for (int i = 0; i < count; ++i) end += static_cast<off_t>(from[i].iov_len);
  const std::int32_t error = write_error(fd, end);
  return error != 0 ? failure(error) : real(fd, from, count, at);
}

int posix_fallocate(int fd, off_t at, off_t size) {
  static const auto real = original<int(int, off_t, off_t)>("posix_fallocate");
  const std::int32_t error = write_error(fd, at + size);
  return error != 0 ? error : real(fd, at, size);
}

int fdatasync(int fd) {
  static const auto real = original<int(int)>("fdatasync");
  const std::int32_t error = interposed().sync_error.load();
  return error != 0 ? failure(error) : real(fd);
}

int fsync(int fd) {
  static const auto real = original<int(int)>("fsync");
  const std::int32_t error = interposed().sync_error.load();
  return error != 0 ? failure(error) : real(fd);
}

int clock_gettime(clockid_t clock, timespec* now) noexcept {
  static const auto real = original<int(clockid_t, timespec*)>("clock_gettime");
  const int result = real(clock, now);
  if (result == 0 && is_wall_clock(clock)) now->tv_sec += interposed().clock_shift_s.load();
  return result;
}

int gettimeofday(timeval* now, void* /*zone*/) noexcept {
  timespec exact{};
  const int result = clock_gettime(CLOCK_REALTIME, &exact);
  now->tv_sec = exact.tv_sec;
  now->tv_usec = exact.tv_nsec / 1000;
  return result;
}

time_t time(time_t* now) noexcept {
  timespec exact{};
  (void)clock_gettime(CLOCK_REALTIME, &exact);
  if (now != nullptr) *now = exact.tv_sec;
  return exact.tv_sec;
}

}  // extern "C"
// NOLINTEND
