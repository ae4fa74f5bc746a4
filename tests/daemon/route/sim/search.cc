// Run with a route whose source breaks one rule on purpose: succeeds when a schedule shows it.
#include "tests/broken_rule.h"
#include "tests/daemon/route/sim/world.h"

int main() {
  using namespace rebuf::daemon::sim;
  return rebuf::test::find_violation<Violation>(100'000,
                                                [](std::uint64_t seed) { World(seed).run(); });
}
