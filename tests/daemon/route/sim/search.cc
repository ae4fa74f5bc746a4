// Run with a route whose source breaks one rule on purpose: succeeds when a schedule shows it.
#include "tests/broken_rule.h"
#include "tests/daemon/route/sim/pipe.h"
#include "tests/daemon/route/sim/world.h"

int main() {
  using namespace rebuf::daemon::sim;
  constexpr std::uint64_t pipes = 20;  // the rest of the rules has nothing to do with them
  return rebuf::test::find_violation<Violation>(100'000, [](std::uint64_t seed) {
    if (seed <= pipes) Pipe(seed).run();
    World(seed).run();
  });
}
