// Run with a route whose source breaks one rule on purpose: succeeds when a schedule shows it.
#include <cstdint>
#include <cstdio>

#include "tests/daemon/route/sim/world.h"

int main() {
  using namespace rebuf::daemon::sim;
  constexpr std::uint64_t schedules = 100'000;
  for (std::uint64_t seed = 1; seed <= schedules; ++seed) {
    try {
      World(seed).run();
    } catch (const Violation& violation) {
      std::printf("found by seed %llu: %s\n", static_cast<unsigned long long>(seed),
                  violation.what());
      return 0;
    }
  }
  std::printf("not found in %llu schedules\n", static_cast<unsigned long long>(schedules));
  return 1;
}
