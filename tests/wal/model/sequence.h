// Random sequences of operations: how they are made from a seed, and made smaller when one fails.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "rebuf/options.h"

namespace rebuf::test {

struct Operation {
  enum class Kind : std::uint8_t {
    write,
    write_batch,
    append,
    replay,
    replay_from,
    stopped_replay,
    read,
    seek,
    sync,
    seal,
    purge,
    purge_through,
    save_cursor,
    reopen,
    refused,
  };
  Kind kind = Kind::write;
  std::uint32_t a = 0;  // what they mean depends on the kind; any value works
  std::uint32_t b = 0;
};

using Sequence = std::vector<Operation>;

[[nodiscard]] Sequence random_sequence(std::uint64_t seed);
// All strategies, retention settings and sizes, by a number.
[[nodiscard]] Options options_from(std::uint32_t number);
// Leaves operations out as long as it still fails.
[[nodiscard]] Sequence shrunk(Sequence sequence, const std::function<bool(const Sequence&)>& fails);
// As an initialiser for a named test.
[[nodiscard]] std::string to_string(const Sequence& sequence);

}  // namespace rebuf::test
