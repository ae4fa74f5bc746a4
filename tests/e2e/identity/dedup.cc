#include "dedup.h"

#include <doctest/doctest.h>

#include <sstream>

#include "tests/support/program.h"

namespace rebuf::e2e {

Deduplicated dedup(const std::string& source) {
  const test::Finished finished = test::run({"/bin/sh", "-c", source + " | " REBUF_DEDUP});
  REQUIRE_MESSAGE(finished.code == 0, finished.errors);
  Deduplicated result;
  result.summary = finished.errors;
  std::istringstream lines(finished.output);
  for (std::string line; std::getline(lines, line);) result.values.push_back(line);
  return result;
}

}  // namespace rebuf::e2e
