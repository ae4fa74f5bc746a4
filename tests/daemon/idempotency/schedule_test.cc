// The window under random schedules. To repeat one: REBUF_SIM_SEED=<seed> <this program>.
#include "schedule.h"

#include <doctest/doctest.h>

#include <cstdlib>

namespace rebuf::daemon::idempotency_test {
namespace {

std::uint64_t number(const char* variable, std::uint64_t otherwise) {
  const char* const text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 0);
}

}  // namespace

TEST_CASE("one key has one answer and is forwarded once, whatever crashes between any two steps") {
  const std::uint64_t only = number("REBUF_SIM_SEED", 0);
  const std::uint64_t first = only != 0 ? only : number("REBUF_SIM_FIRST", 1);
  const std::uint64_t schedules = only != 0 ? 1 : number("REBUF_SIM_SCHEDULES", REBUF_SCHEDULES);
  MESSAGE("seeds " << first << " to " << first + schedules - 1);
  std::map<std::string, std::uint64_t> seen;
  for (std::uint64_t seed = first; seed < first + schedules; ++seed) {
    Schedule schedule(seed);
    try {
      schedule.run();
    } catch (const Violation& violation) {
      FAIL(std::string(violation.what()) << "; repeat with REBUF_SIM_SEED=" << seed);
    }
    for (const auto& [what, times] : schedule.seen) seen[what] += times;
  }
  if (only != 0) return;
  for (const char* what : {"first", "joined", "repeated", "other body", "refused", "written",
                           "not written", "crash", "crowded out", "answered at the deadline"})
    CHECK_MESSAGE(seen[what] > 0, "no schedule has: " << what);
}

}  // namespace rebuf::daemon::idempotency_test
