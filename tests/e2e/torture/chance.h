// The choices of a schedule, all from one seed. One thread.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <random>

namespace rebuf::e2e {

class Chance {
 public:
  explicit Chance(std::uint64_t seed) : random_(seed) {}

  [[nodiscard]] int between(int low, int high) {
    return std::uniform_int_distribution<int>(low, high)(random_);
  }
  [[nodiscard]] std::chrono::milliseconds ms_between(int low, int high) {
    return std::chrono::milliseconds(between(low, high));
  }
  [[nodiscard]] bool once_in(int times) { return between(1, times) == 1; }
  template <typename... Choices>
  [[nodiscard]] auto one_of(Choices... choices) {
    const std::array list{choices...};
    return list.at(static_cast<std::size_t>(between(0, static_cast<int>(list.size()) - 1)));
  }

 private:
  std::mt19937_64 random_;
};

}  // namespace rebuf::e2e
