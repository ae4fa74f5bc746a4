#include <doctest/doctest.h>

#include "torture.h"

namespace rebuf::e2e {
namespace {

TEST_CASE("random faults of an endpoint and of rebufd break no promise") {
  torture(1, 16, std::chrono::seconds(5));
}

}  // namespace
}  // namespace rebuf::e2e
