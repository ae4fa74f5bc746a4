#include "shape.h"

namespace rebuf::e2e {

Shape::Shape(Chance& chance)
    : ack_(chance.one_of("delivered_or_buffered", "delivered_or_buffered", "delivered_or_buffered",
                         "buffered", "delivered")),
      window_(static_cast<std::size_t>(chance.one_of(100, 300, 1000))),
      segment_kib_(chance.one_of(64, 256)),
      buffer_mib_(chance.one_of(2, 256)),
      memory_mib_(chance.one_of(1, 64)) {}

std::string Shape::http() { return "  request_timeout: 4s\n  max_body: 512KiB\n"; }

std::string Shape::configuration(const std::string& sinks, const std::string& routes) const {
  return "limits: { memory: " + std::to_string(memory_mib_) +
         "MiB, keep_free: 0 }\nstop_timeout: 2s\n" + sinks + "routes:\n" + routes;
}

std::string Shape::route(const std::string& name, const std::string& topic) const {
  return "  " + name + ": { sink: " + name + ", topic: " + topic +
         ", spill_after: 500ms, drain: { jitter: 50ms }, " + text() + " }\n";
}

std::string Shape::text() const {
  return std::string("ack: ") + ack_ + ", window: { max_messages: " + std::to_string(window_) +
         ", max_bytes: 256KiB }, buffer: { segment_size: " + std::to_string(segment_kib_) +
         "KiB, max_bytes: " + std::to_string(buffer_mib_) + "MiB }";
}

}  // namespace rebuf::e2e
