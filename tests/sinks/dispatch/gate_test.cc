#include "sinks/dispatch/gate.h"

#include <doctest/doctest.h>

namespace rebuf::sinks::dispatch {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Time start{seconds(1000)};
constexpr RetryRange retry{milliseconds(500), seconds(60)};

TEST_CASE("pauses grow from min to max, spread, and never leave that range") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    Gate gate;
    Time now = start;
    for (int failure = 1; failure < 100; ++failure) {
      const milliseconds pause = gate.fail(now, now, retry, random);
      const milliseconds longest = failure < 7 ? milliseconds(500) * (1 << failure) : retry.max;
      CHECK(pause >= retry.min);
      CHECK(pause >= std::min(longest, retry.max) / 2);
      CHECK(pause <= std::min(longest, retry.max));
      CHECK_FALSE(gate.open(now + pause - milliseconds(1)));
      CHECK(gate.open(now + pause));
      now += pause;
    }
  }
}

TEST_CASE("of several attempts that fail together the first counts") {
  Random random(1);
  Gate gate;
  static_cast<void>(gate.fail(start, start + seconds(1), retry, random));
  const Time opens = gate.opens_at();
  const milliseconds left = gate.fail(start, start + seconds(1), retry, random);
  CHECK(gate.opens_at() == opens);
  CHECK(start + seconds(1) + left == opens);
}

TEST_CASE("after a failure one attempt at a time, until one succeeds") {
  Random random(1);
  Gate gate;
  CHECK_FALSE(gate.begin());
  CHECK(gate.open(start));
  static_cast<void>(gate.fail(start, start, retry, random));
  const Time later = gate.opens_at();
  CHECK(gate.begin());
  CHECK_FALSE(gate.open(later));
  CHECK(gate.opens_at() == Time::max());
  gate.end_trial();
  CHECK(gate.open(later));
  gate.works(start - seconds(1));  // began before the failure
  CHECK(gate.failing());
  gate.works(later);
  CHECK_FALSE(gate.failing());
  CHECK(gate.open(start));
}

TEST_CASE("a pause that was asked for is not cut short by a probe, one of ours is") {
  Random random(1);
  Gate gate;
  static_cast<void>(gate.fail(start, start, retry, random));
  gate.retry_now();
  CHECK(gate.open(start));
  static_cast<void>(gate.fail(start, start, retry, random));
  gate.pause_until(start + seconds(30));
  gate.retry_now();
  CHECK_FALSE(gate.open(start + seconds(29)));
  CHECK(gate.open(start + seconds(30)));
}

}  // namespace
}  // namespace rebuf::sinks::dispatch
