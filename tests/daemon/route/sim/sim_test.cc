// The core under random schedules. To repeat one: REBUF_SIM_SEED=<seed> <this program>.
#include <doctest/doctest.h>

#include <cstdlib>
#include <string>
#include <thread>

#include "tests/daemon/route/sim/pipe.h"
#include "tests/daemon/route/sim/world.h"

namespace rebuf::daemon::sim {
namespace {

std::uint64_t number(const char* variable, std::uint64_t otherwise) {
  const char* const text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 0);
}

// Runs the schedules first, first + 1, …; the first one that breaks a promise fails the test.
void run_schedules(std::uint64_t first, std::uint64_t count, bool tell = false) {
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    try {
      World(seed, tell).run();
    } catch (const Violation& violation) {
      FAIL(std::string(violation.what()) << "; repeat with REBUF_SIM_SEED=" << seed);
    }
  }
}

}  // namespace

TEST_CASE("P1-P5 hold under 100,000 random schedules with crashes between any two events") {
  const std::uint64_t schedules = number("REBUF_SIM_SCHEDULES", REBUF_SCHEDULES);
  const std::uint64_t only = number("REBUF_SIM_SEED", 0);
  if (only != 0) return run_schedules(only, 1, true);
  const std::uint64_t first = number("REBUF_SIM_FIRST", 1);
  MESSAGE("seeds " << first << " to " << first + schedules - 1);
  run_schedules(first, schedules);
}

TEST_CASE("a drain fills a sink of any speed, holds less where it slows down, and fills it again") {
  for (std::uint64_t seed = 1; seed <= REBUF_PIPES; ++seed) {
    CAPTURE(seed);
    CHECK_NOTHROW(Pipe(seed).run());
  }
}

}  // namespace rebuf::daemon::sim
