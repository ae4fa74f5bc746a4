// Cuts a request's body into its messages. Pure functions over bytes; the views that they hand out
// point into `body`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace rebuf::daemon::ingest {

enum class Form : std::uint8_t {
  single,      // the body is one message, whatever it is
  lines,       // LF or CRLF ends a message, empty ones are skipped; the last needs no end
  json_array,  // RFC 8259; each element is a message, byte for byte
};

[[nodiscard]] std::string_view to_string(Form form);  // "single", …

inline constexpr std::size_t max_json_depth = 512;

struct SplitResult {
  std::size_t messages = 0;  // found; when malformed, those before the fault
  std::string error;         // why it is malformed; empty: it is not
  [[nodiscard]] bool ok() const { return error.empty(); }
};

// Calls `on_message` for each message in order, as they are found: before the rest of a JSON array
// is known to be valid.
SplitResult split(Form form, std::string_view body,
                  const std::function<void(std::string_view)>& on_message);

}  // namespace rebuf::daemon::ingest
