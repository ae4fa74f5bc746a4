// docs/examples/dedup.py, as a consumer would run it.
#pragma once

#include <string>
#include <vector>

namespace rebuf::e2e {

struct Deduplicated {
  std::vector<std::string> values;
  std::string summary;  // "12 messages, 3 duplicates\n"
};

// What it makes of what `source` (a shell command) writes: messages as kcat -J does.
[[nodiscard]] Deduplicated dedup(const std::string& source);

}  // namespace rebuf::e2e
