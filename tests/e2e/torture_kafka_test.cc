#include <doctest/doctest.h>

#include "torture.h"

namespace rebuf::e2e {
namespace {

TEST_CASE("random faults of brokers, an endpoint and rebufd break no promise") {
  torture(3, std::chrono::seconds(15), &test::KafkaCluster::get(3));
}

}  // namespace
}  // namespace rebuf::e2e
