#include "daemon/disposal.h"

#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <thread>

namespace rebuf::daemon::rebufd_test {

TEST_CASE("what takes its time to end holds up nobody but the end of whoever disposes of it") {
  std::promise<void> may_end;
  std::promise<std::thread::id> begun;
  std::atomic<bool> ended{false};
  std::thread later;
  {
    Disposal disposal;
    disposal.dispose([&] {
      begun.set_value(std::this_thread::get_id());
      may_end.get_future().wait();
      ended = true;
    });
    CHECK(begun.get_future().get() != std::this_thread::get_id());
    CHECK_FALSE(ended);
    later = std::thread([&] { may_end.set_value(); });
  }
  CHECK(ended);
  later.join();
}

}  // namespace rebuf::daemon::rebufd_test
