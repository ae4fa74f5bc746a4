// The search of a program that was built with one rule broken on purpose (tests/broken_rule.cmake).
#pragma once

#include <cstdint>
#include <cstdio>

namespace rebuf::test {

// Runs schedules from seed 1 on until one throws a Violation. The program's exit code: 0 when one
// did, so the search is not blind.
template <class Violation, class Run>
int find_violation(std::uint64_t schedules, const Run& run) {
  for (std::uint64_t seed = 1; seed <= schedules; ++seed) {
    try {
      run(seed);
    } catch (const Violation& violation) {
      std::printf("found by seed %llu: %s\n", static_cast<unsigned long long>(seed),
                  violation.what());
      return 0;
    }
  }
  std::printf("not found in %llu schedules\n", static_cast<unsigned long long>(schedules));
  return 1;
}

}  // namespace rebuf::test
