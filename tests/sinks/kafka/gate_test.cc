#include "sinks/kafka/gate.h"

#include <doctest/doctest.h>

namespace rebuf::sinks::kafka {
namespace {

using Time = TopicGate::Time;
using std::chrono::milliseconds;

const Time begin{std::chrono::hours(1)};
constexpr milliseconds step{1};
constexpr auto silence = TopicGate::silence;

TEST_CASE("a partition that has acknowledged nothing gets one message, then all") {
  TopicGate gate;
  CHECK(gate.enter(0, begin));
  CHECK_FALSE(gate.enter(0, begin));
  CHECK(gate.enter(1, begin));  // each for itself
  gate.leave(0, true, begin + step);
  CHECK(gate.enter(0, begin + step));
  CHECK(gate.enter(0, begin + step));
  CHECK_FALSE(gate.enter(1, begin + step));
}

TEST_CASE("one message a partition again after a silence, also when one of them has ended it") {
  TopicGate gate;
  for (const int partition : {0, 1}) {
    REQUIRE(gate.enter(partition, begin));
    gate.leave(partition, true, begin);
    REQUIRE(gate.enter(partition, begin));
    CHECK(gate.enter(partition, begin + silence));
  }
  CHECK_FALSE(gate.enter(0, begin + silence + step));
  gate.leave(1, true, begin + silence + step);
  CHECK(gate.enter(1, begin + silence + step));
  CHECK_FALSE(gate.enter(0, begin + silence + step));
  gate.leave(0, true, begin + silence + step);
  CHECK(gate.enter(0, begin + silence + step));
}

TEST_CASE("a refused message ends no silence, and makes room for one") {
  TopicGate gate;
  REQUIRE(gate.enter(0, begin));
  gate.leave(0, false, begin);
  CHECK(gate.enter(0, begin));
  CHECK_FALSE(gate.enter(0, begin));
  CHECK_FALSE(gate.empty());
}

TEST_CASE("partitions that take turns, each seldom, are not silent: none waits for the other") {
  TopicGate gate;
  constexpr int partitions = 20;
  Time now = begin;
  for (int partition = 0; partition < partitions; ++partition) {
    REQUIRE(gate.enter(partition, now));
    gate.leave(partition, true, now);
    now += silence / 2;
  }
  for (int partition = 0; partition < partitions; ++partition) {
    CHECK(gate.enter(partition, now));
    CHECK(gate.enter(partition, now));
    gate.leave(partition, true, now);
    now += silence / 2;
  }
}

TEST_CASE("while it is not known where the first message goes, nothing else does") {
  TopicGate gate;
  REQUIRE(gate.enter(TopicGate::unknown, begin));
  CHECK_FALSE(gate.enter(TopicGate::unknown, begin));
  CHECK_FALSE(gate.enter(0, begin));
  gate.leave(TopicGate::unknown, true, begin);
  CHECK(gate.enter(0, begin));
  CHECK_FALSE(gate.enter(0, begin));
}

TEST_CASE("another producer has nothing under way, and no partition has acknowledged it anything") {
  TopicGate gate;
  REQUIRE(gate.enter(2, begin));
  gate.leave(2, true, begin);
  REQUIRE(gate.enter(2, begin));
  gate.reset();
  CHECK(gate.empty());
  CHECK(gate.enter(2, begin));
  CHECK_FALSE(gate.enter(2, begin));
}

}  // namespace
}  // namespace rebuf::sinks::kafka
