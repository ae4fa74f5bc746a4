// What a route has given up, read as an operator reads it: with rebufctl.
#pragma once

#include <string>
#include <vector>

#include "daemon.h"
#include "ledger.h"

namespace rebuf::e2e {

struct DeadLetter {
  Id id;
  std::string reason;
  std::string value;
};

// In the order in which they were given up.
[[nodiscard]] std::vector<DeadLetter> dead_letters(const Daemon& daemon, const std::string& route);

}  // namespace rebuf::e2e
