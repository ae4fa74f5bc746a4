#include "torture.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <iostream>
#include <string>

#include "schedule.h"

namespace rebuf::e2e {

void torture(std::uint64_t first, std::uint64_t count, std::chrono::milliseconds duration,
             test::KafkaCluster* cluster) {
  const char* const chosen_seed = std::getenv("REBUF_TORTURE_SEED");
  const char* const minutes = std::getenv("REBUF_TORTURE_MINUTES");
  const bool is_long = chosen_seed != nullptr && minutes != nullptr;
  const std::chrono::minutes time(is_long ? std::stoi(minutes) : 0);
  if (is_long) first = std::stoull(chosen_seed);
  if (is_long && std::getenv("REBUF_TORTURE_ENDURANCE") != nullptr)
    return endure(first, time, cluster);
  const auto end = Clock::now() + time;
  for (std::uint64_t seed = first; is_long ? Clock::now() < end : seed < first + count; ++seed) {
    std::cerr << "seed " << seed << '\n';
    CAPTURE(seed);
    Schedule schedule(seed, cluster);
    schedule.run({.duration = is_long ? std::chrono::seconds(20) : duration});
    schedule.stop();
  }
}

}  // namespace rebuf::e2e
