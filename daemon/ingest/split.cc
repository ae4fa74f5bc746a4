#include "daemon/ingest/split.h"

#include <cstring>

#include "daemon/ingest/json_array.h"

namespace rebuf::daemon::ingest {
namespace {

SplitResult split_lines(std::string_view body,
                        const std::function<void(std::string_view)>& on_message) {
  SplitResult result;
  while (!body.empty()) {
    const auto* end = static_cast<const char*>(std::memchr(body.data(), '\n', body.size()));
    const std::size_t length =
        end == nullptr ? body.size() : static_cast<std::size_t>(end - body.data());
    std::string_view line = body.substr(0, length);
    body.remove_prefix(end == nullptr ? length : length + 1);
    if (end != nullptr && line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    ++result.messages;
    on_message(line);
  }
  if (result.messages == 0) result.error = "the body has no line that is not empty";
  return result;
}

}  // namespace

std::string_view to_string(Form form) {
  switch (form) {
    case Form::lines:
      return "lines";
    case Form::json_array:
      return "json_array";
    case Form::single:
      break;
  }
  return "single";
}

SplitResult split(Form form, std::string_view body,
                  const std::function<void(std::string_view)>& on_message) {
  switch (form) {
    case Form::lines:
      return split_lines(body, on_message);
    case Form::json_array:
      return split_json_array(body, on_message);
    case Form::single:
      break;
  }
  on_message(body);
  return {1, {}};
}

}  // namespace rebuf::daemon::ingest
