// Counts the allocations of a program of one thread that is linked with allocations.cc.
#pragma once

#include <cstdint>

namespace rebuf::test {

[[nodiscard]] std::uint64_t allocations();  // since the program began

}  // namespace rebuf::test
