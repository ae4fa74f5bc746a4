#include "daemon/side_by_side.h"

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <latch>
#include <stdexcept>
#include <utility>

namespace rebuf::daemon {
namespace {

void nothing() {}

TEST_CASE("side by side: each is done once, on fewer threads than there are things to do") {
  std::array<std::atomic<int>, 100> done{};
  side_by_side(
      done.size(), 3, [&](std::size_t index) { ++done.at(index); }, nothing);
  for (const std::atomic<int>& times : done) CHECK(times == 1);
  side_by_side(
      0, 3, [](std::size_t) { FAIL("there is nothing to do"); }, nothing);
}

TEST_CASE("side by side: they run at once, and the caller meanwhile") {
  std::latch all(3);
  side_by_side(
      2, 2, [&](std::size_t) { all.arrive_and_wait(); },
      [&, called = false]() mutable {
        if (!std::exchange(called, true)) all.arrive_and_wait();
      });
  CHECK(all.try_wait());
}

TEST_CASE("side by side: an exception is thrown when the others have ended") {
  std::atomic<int> done{0};
  const auto work = [&](std::size_t index) {
    if (index == 1) throw std::runtime_error("no thread");
    ++done;
  };
  CHECK_THROWS_WITH_AS(side_by_side(5, 2, work, nothing), "no thread", std::runtime_error);
  CHECK(done == 4);
}

}  // namespace
}  // namespace rebuf::daemon
