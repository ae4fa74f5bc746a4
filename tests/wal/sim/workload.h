// What the searches for faults and power cuts run: a little of everything that changes the disk.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/wal/sim/session.h"

namespace rebuf::test {

struct Setting {
  std::string name;
  Options options;
};

// Segments of a few sectors, so that rotation, retention and torn sectors come quickly.
[[nodiscard]] std::vector<Setting> settings();

// Writes, batches, asynchronous appends, rotation, seal, cursor, purges, close and reopen. Goes on
// after errors; opens again after a failed sync, as the daemon does.
void run_workload(Session& session);
// Steps of the same kinds, chosen by the seed.
void run_random_workload(Session& session, std::uint64_t seed, std::size_t steps);

}  // namespace rebuf::test
