#include "config/config.h"

#include <algorithm>
#include <cassert>

namespace rebuf::config {

const SinkConfig& Config::sink(const std::string& name) const {
  const auto found = std::find_if(sinks.begin(), sinks.end(),
                                  [&](const SinkConfig& sink) { return sink.name == name; });
  assert(found != sinks.end());
  return *found;
}

}  // namespace rebuf::config
