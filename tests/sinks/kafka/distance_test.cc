#include "sinks/kafka/distance.h"

#include <doctest/doctest.h>

namespace rebuf::sinks::kafka {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds near{5};
constexpr milliseconds far{100};

// A clock that goes on by a second with every answer.
struct Way {
  Distance distance;
  Time now{};
  void answer(milliseconds after, int times = 1) {
    for (int time = 0; time < times; ++time) distance.note(1, after, now += seconds(1));
  }
};

TEST_CASE("brokers seem to be far away when some answers came, and all of them took long") {
  Way way;
  way.answer(far, 3);
  CHECK_FALSE(way.distance.seems_long());
  way.answer(far);
  CHECK(way.distance.seems_long());
  way.answer(near);
  CHECK_FALSE(way.distance.seems_long());
}

TEST_CASE("they are when many answers took long, for some seconds") {
  Way way;
  way.answer(far, 15);
  CHECK_FALSE(way.distance.is_long(way.now));
  way.answer(far);
  CHECK(way.distance.is_long(way.now));

  Distance at_once;
  for (int answers = 0; answers < 1000; ++answers) at_once.note(1, far, way.now);
  CHECK_FALSE(at_once.is_long(way.now + seconds(9)));
  CHECK(at_once.is_long(way.now + seconds(10)));
}

TEST_CASE("a way that becomes longer is noticed, and one that becomes shorter") {
  Way way;
  way.answer(near, 100);
  way.answer(far, 30);
  CHECK(way.distance.is_long(way.now));
  CHECK_FALSE(way.distance.is_short());
  way.answer(near);
  CHECK_FALSE(way.distance.is_long(way.now));
  CHECK(way.distance.is_short());
}

TEST_CASE("brokers whose answers take a little long are neither far away nor near") {
  constexpr milliseconds between{15};
  Way way;
  way.answer(between, 100);
  CHECK_FALSE(way.distance.seems_long());
  CHECK_FALSE(way.distance.is_short());
}

TEST_CASE("brokers are counted by their numbers, and there is always one") {
  Distance distance;
  CHECK(distance.brokers() == 1);
  for (const std::int32_t broker : {-1, 1, 2, 2, -1}) distance.note(broker, far, Time{});
  CHECK(distance.brokers() == 2);
}

}  // namespace
}  // namespace rebuf::sinks::kafka
