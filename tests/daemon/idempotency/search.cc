// Run with a window whose source breaks one rule on purpose: succeeds when a schedule shows it.
#include <cstdint>
#include <cstdio>

#include "tests/daemon/idempotency/schedule.h"

int main() {
  using namespace rebuf::daemon::idempotency_test;
  constexpr std::uint64_t schedules = 20'000;
  for (std::uint64_t seed = 1; seed <= schedules; ++seed) {
    try {
      Schedule(seed).run();
    } catch (const Violation& violation) {
      std::printf("found by seed %llu: %s\n", static_cast<unsigned long long>(seed),
                  violation.what());
      return 0;
    }
  }
  std::printf("not found in %llu schedules\n", static_cast<unsigned long long>(schedules));
  return 1;
}
