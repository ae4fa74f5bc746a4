// Schedules of random faults, each from a seed; see schedule.h.
#pragma once

#include <chrono>
#include <cstdint>

#include "tests/support/kafka_cluster.h"

namespace rebuf::e2e {

// Schedules of `duration` with the seeds `first`, `first` + 1, … `count` of them. Each is printed
// as it goes; a broken promise fails the test. tests/torture sets REBUF_TORTURE_SEED and
// REBUF_TORTURE_MINUTES: then schedules of 20 s with that seed and the following ones until the
// time is over; and REBUF_TORTURE_ENDURANCE: then endure() with that seed for that time.
void torture(std::uint64_t first, std::uint64_t count, std::chrono::milliseconds duration,
             test::KafkaCluster* cluster = nullptr);

// One rebufd for the whole time, rounds of outages at a steady load, each drained and judged: what
// it takes of the machine afterwards is printed, and fails the test when it has grown.
void endure(std::uint64_t seed, std::chrono::minutes time, test::KafkaCluster* cluster);

}  // namespace rebuf::e2e
