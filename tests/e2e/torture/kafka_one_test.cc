#include <doctest/doctest.h>

#include "torture.h"

namespace rebuf::e2e {
namespace {

TEST_CASE("random faults of one broker, an endpoint and rebufd break no promise") {
  torture(101, 8, std::chrono::seconds(5), &test::KafkaCluster::get(1));
}

}  // namespace
}  // namespace rebuf::e2e
