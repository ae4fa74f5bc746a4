#include <doctest/doctest.h>

#include "torture.h"

namespace rebuf::e2e {
namespace {

TEST_CASE("random faults of three brokers, an endpoint and rebufd break no promise") {
  torture(301, 6, std::chrono::seconds(5), &test::KafkaCluster::get(3));
}

}  // namespace
}  // namespace rebuf::e2e
