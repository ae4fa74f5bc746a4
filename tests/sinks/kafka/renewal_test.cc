#include "sinks/kafka/renewal.h"

#include <doctest/doctest.h>

namespace rebuf::sinks::kafka {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Time start{seconds(1000)};

TEST_CASE("a producer that is to be exchanged is waited for as long as what it holds is reported") {
  Renewal renewal;
  renewal.begin(50, start);
  Time now = start;
  for (std::size_t held = 50; held > 0; --held)
    CHECK_FALSE(renewal.gives_up(held, now += seconds(1)));
  CHECK(renewal.under_way());
}

TEST_CASE("one that reports nothing for two seconds goes on, and is not exchanged for ten") {
  Renewal renewal;
  renewal.begin(3, start);
  CHECK(renewal.until() == start + seconds(2));
  CHECK_FALSE(renewal.gives_up(2, start + seconds(1)));
  CHECK(renewal.until() == start + seconds(3));
  CHECK_FALSE(renewal.gives_up(2, start + milliseconds(2999)));
  CHECK(renewal.gives_up(2, start + seconds(3)));
  CHECK_FALSE(renewal.under_way());
  CHECK_FALSE(renewal.may_begin(start + milliseconds(12'999)));
  CHECK(renewal.may_begin(start + seconds(13)));
}

TEST_CASE("what an exchange was given up for does not concern the next producer") {
  Renewal renewal;
  renewal.begin(1, start);
  CHECK(renewal.gives_up(1, start + seconds(2)));
  renewal.done();
  CHECK(renewal.may_begin(start + seconds(2)));
}

}  // namespace
}  // namespace rebuf::sinks::kafka
