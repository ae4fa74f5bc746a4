// Schedules of random faults against the whole path, each from a seed: Kafka brokers and the HTTP
// endpoint are killed, frozen and made to misbehave, rebufd is killed, stopped and frozen, while
// devices post to a route into each. At the end everything is healed, and the judge compares.
// Without a cluster there is only the HTTP route.
#pragma once

#include <chrono>
#include <cstdint>

#include "tests/support/kafka_cluster.h"

namespace rebuf::e2e {

// Schedules of `duration` with the seeds 1 … `count`; with REBUF_TORTURE_SEED and
// REBUF_TORTURE_MINUTES (tests/torture sets them) schedules of 20 s with that seed and the
// following ones until the time is over. Each is printed as it goes; a broken promise fails the
// test.
void torture(std::uint64_t count, std::chrono::milliseconds duration,
             test::KafkaCluster* cluster = nullptr);

}  // namespace rebuf::e2e
