#include "sinks/http/framing.h"

#include <simdjson.h>

namespace rebuf::sinks::http {

struct Framing::Json {
  simdjson::dom::parser parser;
};

Framing::Framing(HttpFormat format) : format_(format) {
  if (format == HttpFormat::json_array) json_ = std::make_unique<Json>();
}

Framing::~Framing() = default;

bool Framing::fits(std::string_view value) {
  switch (format_) {
    case HttpFormat::single:
      return true;
    case HttpFormat::ndjson:
      return !value.empty() && !value.ends_with('\r') && value.find('\n') == std::string_view::npos;
    case HttpFormat::json_array:
      return json_->parser.parse(value.data(), value.size()).error() == simdjson::SUCCESS;
  }
  return false;
}

}  // namespace rebuf::sinks::http
