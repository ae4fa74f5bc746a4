// What differs from schedule to schedule, besides the faults: the configuration.
#pragma once

#include <string>

#include "chance.h"

namespace rebuf::e2e {

class Shape {
 public:
  explicit Shape(Chance& chance);

  // The `http:` block's lines, and the file from `limits:` on; `sinks` is the `sinks:` block.
  [[nodiscard]] static std::string http();
  [[nodiscard]] std::string configuration(const std::string& sinks,
                                          const std::string& routes) const;
  // A line of `routes:`.
  [[nodiscard]] std::string route(const std::string& name, const std::string& topic) const;
  // What was chosen.
  [[nodiscard]] std::string text() const;
  // Messages of which nobody knows whether they were delivered when the sink lets go: a window,
  // and some more, for what it let go it may take and let go again.
  [[nodiscard]] std::size_t most_given_back() const { return window_ + 1000; }

 private:
  const char* ack_;
  std::size_t window_;
  int segment_kib_;
  int buffer_mib_;
  int memory_mib_;
};

}  // namespace rebuf::e2e
