// Power cuts: after every change that a workload makes to the disk, in every way that the disk may
// lose what was not synced, the log opens with all that was acknowledged, in order, and nothing
// else.
#include <doctest/doctest.h>

#include <cstdlib>
#include <iostream>

#include "tests/wal/sim/aftermath.h"
#include "tests/wal/sim/workload.h"

namespace rebuf::test {
namespace {

void no_power_cut_breaks_a_promise(const Setting& setting) {
  SimFileSystem fs;
  Session session(fs, setting.options);
  run_workload(session);
  const Search search = search_power_cuts(fs, session);
  std::cout << setting.name << ": " << search.states << " states after " << search.moments
            << " changes opened, " << search.again << " of them cut a second time\n";
  CHECK_MESSAGE(!search.found, *search.found);
  CHECK(search.states > search.moments);
}

TEST_CASE("no power cut breaks a promise: every write, drop oldest") {
  no_power_cut_breaks_a_promise(settings()[0]);
}

TEST_CASE("no power cut breaks a promise: every write, refuse, preallocated") {
  no_power_cut_breaks_a_promise(settings()[1]);
}

TEST_CASE("no power cut breaks a promise: manual, drop oldest") {
  no_power_cut_breaks_a_promise(settings()[2]);
}

TEST_CASE("no power cut breaks a promise: every write, numbered entries") {
  no_power_cut_breaks_a_promise(settings()[3]);
}

TEST_CASE("no power cut breaks a promise: random workloads in every setting") {
  const char* text = std::getenv("REBUF_TEST_WORKLOADS");
  const std::uint64_t count = text != nullptr ? std::strtoull(text, nullptr, 10) : 3;
  std::size_t states = 0;
  for (std::uint64_t seed = 1; seed <= count; ++seed)
    for (const Setting& setting : settings()) {
      SimFileSystem fs;
      Session session(fs, setting.options);
      run_random_workload(session, seed, 10);
      const Search search = search_power_cuts(fs, session);
      states += search.states;
      CHECK_MESSAGE(!search.found,
                    "seed " << seed << ", " << setting.name << ": " << *search.found);
    }
  std::cout << count << " workloads, " << states << " states\n";
}

}  // namespace
}  // namespace rebuf::test
