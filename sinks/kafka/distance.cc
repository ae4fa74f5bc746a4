#include "sinks/kafka/distance.h"

#include <algorithm>

namespace rebuf::sinks::kafka {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds long_way{30};
constexpr milliseconds short_way{10};
constexpr std::size_t some = 4;
constexpr std::size_t many = 16;
constexpr seconds lasting{10};
// Short answers count for so long.
constexpr seconds lately{10};

}  // namespace

void Distance::note(std::int32_t broker, std::chrono::microseconds round_trip, Time now) {
  const std::lock_guard lock(mutex_);
  if (broker >= 0) brokers_.insert(broker);
  if (answers_ == 0 || (shortest_ < long_way && now - since_ >= lately)) {
    answers_ = 0;
    shortest_ = round_trip;
    since_ = now;
  }
  ++answers_;
  shortest_ = std::min(shortest_, round_trip);
}

bool Distance::seems_long() const {
  const std::lock_guard lock(mutex_);
  return answers_ >= some && shortest_ >= long_way;
}

bool Distance::is_long(Time now) const {
  const std::lock_guard lock(mutex_);
  return answers_ >= many && shortest_ >= long_way && now - since_ >= lasting;
}

bool Distance::is_short() const {
  const std::lock_guard lock(mutex_);
  return answers_ > 0 && shortest_ < short_way;
}

std::chrono::microseconds Distance::shortest() const {
  const std::lock_guard lock(mutex_);
  return shortest_;
}

std::size_t Distance::brokers() const {
  const std::lock_guard lock(mutex_);
  return std::max<std::size_t>(brokers_.size(), 1);
}

}  // namespace rebuf::sinks::kafka
