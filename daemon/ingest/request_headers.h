// What a request's header fields say to the ingest server. Filled once per request by the
// connection's thread; the views point into the head's bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "daemon/ingest/http_parser.h"

namespace rebuf::daemon::ingest {

struct RequestHeaders {
  std::string_view content_type;  // as sent, with parameters; empty: none
  std::string_view content_encoding;
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  bool expects_continue = false;
  bool badly_framed = false;  // where the body ends is not clear; there is an error too
  std::optional<std::string_view> key;
  std::optional<std::string_view> topic;
  std::optional<std::string_view> idempotency_key;  // as sent
  std::optional<std::int64_t> timestamp_ms;
  std::string error;  // why the request is malformed; empty: it is not

  [[nodiscard]] bool has_body() const { return chunked || content_length.value_or(0) > 0; }
};

// Reads all fields. A field that is given twice where once is meant, or two ways of framing the
// body make the request malformed.
void read_headers(const Head& head, RequestHeaders& headers);

// Appends the headers that travel with each message, packed (sinks/message.h): Rebuf-Header-NAME
// fields, those that `forward_headers` names, and `add_headers`; of one name the first of these
// wins. Fields of the connection (Host, Content-Length, …) and Rebuf-… are never forwarded;
// credentials only when named without a wildcard; Content-Type not when `framing` (it told how the
// body is cut, not what a message is).
void pack_message_headers(const std::vector<Field>& fields, const config::RouteConfig& route,
                          bool framing, std::string& packed);

// The media type of a Content-Type value equals `type` (lower case), whatever its parameters.
[[nodiscard]] bool is_media_type(std::string_view content_type, std::string_view type);
[[nodiscard]] bool equal_ignoring_case(std::string_view a, std::string_view b);

}  // namespace rebuf::daemon::ingest
