// Whether a value can stand in a batch and come out again byte for byte.
#pragma once

#include <memory>
#include <string_view>

#include "sinks/http/http_sink.h"

namespace rebuf::sinks::http {

// Used by one thread: it keeps the JSON parser's memory.
class Framing {
 public:
  explicit Framing(HttpFormat format);
  ~Framing();

  // ndjson: not empty, no newline, no carriage return at the end. json_array: a JSON value whose
  // numbers fit 64 bits or a double. single: always.
  [[nodiscard]] bool fits(std::string_view value);

 private:
  struct Json;
  const HttpFormat format_;
  std::unique_ptr<Json> json_;  // for json_array
};

}  // namespace rebuf::sinks::http
