// The outcome of reading one value: the value, or what is wrong with the text and what would be
// right.
#pragma once

#include <optional>
#include <string>

namespace rebuf::config {

struct Problem {
  std::string what;    // follows the text: "is not a size"
  std::string hint{};  // "did you mean `16MiB`?"; may be empty
};

template <class V>
struct Parsed {
  std::optional<V> value;
  Problem problem;  // when there is no value

  Parsed(V good) : value(std::move(good)) {}        // NOLINT: implicit on purpose
  Parsed(Problem bad) : problem(std::move(bad)) {}  // NOLINT: implicit on purpose
};

}  // namespace rebuf::config
