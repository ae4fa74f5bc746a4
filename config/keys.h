// The tables of all keys (see schema.h), and what is filled while a file is read.
#pragma once

#include <cstdint>
#include <optional>

#include "config/schema.h"

namespace rebuf::config {

// A route as its keys give it.
struct RouteDraft {
  RouteConfig route;
  std::optional<std::uint64_t> max_segments;  // the other way to say buffer.max_bytes

  // `max_segments` completed segments and the active one.
  void settle() {
    if (max_segments) route.buffer.max_bytes = (*max_segments + 1) * route.buffer.segment_size;
    max_segments.reset();
  }
};

struct Draft {
  Config config;
  RouteDraft route_defaults;
};

// The top level with everything below it.
[[nodiscard]] Table<Draft> all_keys();
// What a sink of this type has; `embedded`: the mock cluster.
[[nodiscard]] Table<SinkConfig> sink_keys(SinkType type, bool embedded);
[[nodiscard]] Table<RouteDraft> route_keys();

// The parts of all_keys().
[[nodiscard]] Table<Config> process_keys();
[[nodiscard]] Key<Draft> sinks_key();
[[nodiscard]] Key<Draft> route_defaults_key();
[[nodiscard]] Key<Draft> routes_key();

}  // namespace rebuf::config
