// Wakes the server's thread out of its poll(). Any thread may call wake().
#pragma once

#include <sys/eventfd.h>

#include <cstdint>

#include "sinks/fd.h"

namespace rebuf::daemon::ingest {

class Waker {
 public:
  Waker() : fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}
  [[nodiscard]] bool valid() const { return fd_.valid(); }
  [[nodiscard]] int fd() const { return fd_.get(); }
  // A full counter (EAGAIN) is a wake-up that is on its way already.
  void wake() const { static_cast<void>(::eventfd_write(fd_.get(), 1)); }
  void clear() const {
    eventfd_t count = 0;
    static_cast<void>(::eventfd_read(fd_.get(), &count));
  }

 private:
  sinks::Fd fd_;
};

}  // namespace rebuf::daemon::ingest
