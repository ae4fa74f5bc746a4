// Random sequences of operations on the log and on a plain list give the same.
//   REBUF_TEST_SEED=N          begin at this seed (printed with each failure)
//   REBUF_TEST_SEQUENCES=N     how many, over all cases together; 10,000 by default, fewer under
//   sanitizers
#include <doctest/doctest.h>

#include <cstdlib>
#include <iostream>

#include "tests/wal/model/player.h"

namespace rebuf::test {
namespace {

using Kind = Operation::Kind;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

// The seeds that are `part` modulo 4, so that four tests run side by side.
void agree(std::uint64_t part) {
  const std::uint64_t first = from_environment("REBUF_TEST_SEED", 1);
  const std::uint64_t count = from_environment("REBUF_TEST_SEQUENCES", REBUF_SEQUENCES);
  std::cout << "seeds " << first << " to " << first + count - 1 << ", each fourth\n";
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    if (seed % 4 != part) continue;
    const auto difference = Player::play(random_sequence(seed));
    if (!difference) continue;
    const auto fails = [](const Sequence& one) { return Player::play(one).has_value(); };
    const Sequence smallest = shrunk(random_sequence(seed), fails);
    FAIL("REBUF_TEST_SEED=" << seed << ": " << *difference << "\nsmallest: " << to_string(smallest)
                            << "\n  " << Player::play(smallest).value_or("passes now"));
  }
}

TEST_CASE("log and list agree, first quarter") { agree(0); }
TEST_CASE("log and list agree, second quarter") { agree(1); }
TEST_CASE("log and list agree, third quarter") { agree(2); }
TEST_CASE("log and list agree, fourth quarter") { agree(3); }

}  // namespace
}  // namespace rebuf::test
