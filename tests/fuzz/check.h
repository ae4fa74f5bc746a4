// How a fuzz target says that it found something: libFuzzer keeps the input when the process
// aborts.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace rebuf::test {

inline void check(bool holds, const char* fact) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", fact);
  std::abort();
}

}  // namespace rebuf::test
