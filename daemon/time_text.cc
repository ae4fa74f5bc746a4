#include "daemon/time_text.h"

#include <array>
#include <cstdio>
#include <ctime>

namespace rebuf::daemon {

std::string time_text(std::chrono::system_clock::time_point time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const auto milliseconds = std::chrono::floor<std::chrono::milliseconds>(time - seconds).count();
  const std::time_t whole = std::chrono::system_clock::to_time_t(seconds);
  std::tm utc{};
  ::gmtime_r(&whole, &utc);
  std::array<char, 32> date{};
  (void)std::strftime(date.data(), date.size(), "%Y-%m-%dT%H:%M:%S", &utc);
  std::array<char, 40> text{};
  (void)std::snprintf(text.data(), text.size(), "%s.%03dZ", date.data(),
                      static_cast<int>(milliseconds));
  return text.data();
}

}  // namespace rebuf::daemon
