// Run with a window whose source breaks one rule on purpose: succeeds when a schedule shows it.
#include "tests/broken_rule.h"
#include "tests/daemon/idempotency/schedule.h"

int main() {
  using namespace rebuf::daemon::idempotency_test;
  return rebuf::test::find_violation<Violation>(20'000,
                                                [](std::uint64_t seed) { Schedule(seed).run(); });
}
