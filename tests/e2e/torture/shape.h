// What differs from schedule to schedule, besides the faults: the configuration. A reload changes
// it.
#pragma once

#include <cstdint>
#include <string>

#include "chance.h"

namespace rebuf::e2e {

class Shape {
 public:
  explicit Shape(Chance& chance);

  // Other settings of all routes, of one sink, and whether there is a route beside them that nobody
  // uses.
  void vary_routes(Chance& chance);
  std::string vary_a_sink(Chance& chance);  // says which
  void vary_company() { company_ = !company_; }

  // The `http:` block's lines, and the file from `limits:` on; `sinks` is the `sinks:` block.
  [[nodiscard]] static std::string http();
  [[nodiscard]] std::string configuration(const std::string& sinks,
                                          const std::string& routes) const;
  // A line of `sinks:`: the HTTP sink `hook`.
  [[nodiscard]] std::string hook_sink(std::uint16_t port) const;
  // An option of librdkafka's.
  [[nodiscard]] std::string kafka_option() const;
  // A line of `routes:`.
  [[nodiscard]] std::string route(const std::string& name, const std::string& topic) const;
  // One into the sink `hook` that nobody uses.
  [[nodiscard]] static std::string idle_route(const std::string& name);
  // What was chosen.
  [[nodiscard]] std::string text() const;
  // Messages of which nobody knows whether they were delivered when the sink lets go: the largest
  // window, and some more, for what it let go it may take and let go again.
  [[nodiscard]] std::size_t most_given_back() const { return most_window_ + 1000; }

 private:
  const int memory_mib_;
  const char* ack_ = "";
  std::size_t window_ = 0;
  std::size_t most_window_ = 0;  // of all until now
  int segment_kib_ = 0;
  int buffer_mib_ = 0;
  int spill_after_ms_ = 500;
  int jitter_ms_ = 50;
  bool company_ = false;
  int hook_batch_ = 500;
  const char* compression_ = "none";
};

}  // namespace rebuf::e2e
