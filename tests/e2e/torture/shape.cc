#include "shape.h"

#include <algorithm>

namespace rebuf::e2e {

Shape::Shape(Chance& chance) : memory_mib_(chance.one_of(1, 64)) { vary_routes(chance); }

void Shape::vary_routes(Chance& chance) {
  ack_ = chance.one_of("delivered_or_buffered", "delivered_or_buffered", "delivered_or_buffered",
                       "buffered", "delivered");
  window_ = static_cast<std::size_t>(chance.one_of(100, 300, 1000));
  most_window_ = std::max(most_window_, window_);
  segment_kib_ = chance.one_of(64, 256);
  buffer_mib_ = chance.one_of(2, 256);
  spill_after_ms_ = chance.one_of(300, 500, 500, 1000);
  jitter_ms_ = chance.one_of(0, 50, 50, 300);
}

std::string Shape::vary_a_sink(Chance& chance) {
  if (chance.once_in(2)) {
    hook_batch_ = hook_batch_ == 500 ? 50 : 500;
    return "sink hook";
  }
  compression_ = compression_ == std::string("none") ? "lz4" : "none";
  return "sink kafka";
}

std::string Shape::http() { return "  request_timeout: 4s\n  max_body: 512KiB\n"; }

std::string Shape::configuration(const std::string& sinks, const std::string& routes) const {
  return "limits: { memory: " + std::to_string(memory_mib_) +
         "MiB, keep_free: 0 }\nstop_timeout: 2s\n" + sinks + "routes:\n" + routes +
         (company_ ? idle_route("company") : "");
}

std::string Shape::hook_sink(std::uint16_t port) const {
  return "  hook: { type: http, url: \"http://127.0.0.1:" + std::to_string(port) +
         "/in\", timeout: 1s, retry: { min: 50ms, max: 500ms }, batch: { max_messages: " +
         std::to_string(hook_batch_) + " } }\n";
}

std::string Shape::kafka_option() const { return std::string("compression.type: ") + compression_; }

std::string Shape::route(const std::string& name, const std::string& topic) const {
  return "  " + name + ": { sink: " + name + ", topic: " + topic + ", " + text() + " }\n";
}

std::string Shape::idle_route(const std::string& name) {
  return "  " + name + ": { sink: hook, window: { max_bytes: 256KiB } }\n";
}

std::string Shape::text() const {
  return std::string("ack: ") + ack_ + ", spill_after: " + std::to_string(spill_after_ms_) +
         "ms, drain: { jitter: " + std::to_string(jitter_ms_) +
         "ms }, window: { max_messages: " + std::to_string(window_) +
         ", max_bytes: 256KiB }, buffer: { segment_size: " + std::to_string(segment_kib_) +
         "KiB, max_bytes: " + std::to_string(buffer_mib_) + "MiB }";
}

}  // namespace rebuf::e2e
