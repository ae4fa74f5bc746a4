#include "daemon/ingest/request_headers.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "daemon/ingest/glob.h"
#include "sinks/message.h"

namespace rebuf::daemon::ingest {
namespace {

constexpr std::string_view header_prefix = "rebuf-header-";

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

std::string lowered(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), lower);
  return result;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool is_token(std::string_view name) {  // RFC 9110 5.6.2
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && equal_ignoring_case(text.substr(0, prefix.size()), prefix);
}

template <class Int>
bool parse_number(std::string_view text, Int& value) {
  if (text.empty() || text.front() < '0' || text.front() > '9') return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

struct Reading {
  RequestHeaders& headers;
  bool seen_encoding = false;
  bool seen_length = false;

  void fail(std::string why) {
    if (headers.error.empty()) headers.error = std::move(why);
  }
  void once(std::string_view name, std::optional<std::string_view>& slot, std::string_view value) {
    if (slot) fail(std::string(name) + " is given twice");
    slot = value;
  }
  void fail_framing(std::string why) {
    fail(std::move(why));
    headers.badly_framed = true;
  }
  void framing(std::string_view name, std::string_view value) {
    if (equal_ignoring_case(name, "content-length")) {
      std::uint64_t length = 0;
      if (seen_length || !parse_number(value, length))
        fail_framing("Content-Length is not one number");
      seen_length = true;
      headers.content_length = length;
    } else {
      if (seen_encoding || !equal_ignoring_case(value, "chunked"))
        fail_framing("the only Transfer-Encoding is chunked");
      seen_encoding = true;
      headers.chunked = true;
    }
    if (seen_length && seen_encoding)
      fail_framing("both Content-Length and Transfer-Encoding are given");
  }
  void timestamp(std::string_view value) {
    std::int64_t ms = 0;
    if (headers.timestamp_ms) fail("Rebuf-Timestamp is given twice");
    if (!parse_number(value, ms)) fail("Rebuf-Timestamp is not milliseconds since the epoch");
    headers.timestamp_ms = ms;
  }
  void message_header(std::string_view name) {
    const std::string_view own = name.substr(header_prefix.size());
    if (!is_token(own)) fail("Rebuf-Header- is not followed by a header's name");
    if (equal_ignoring_case(own, "rebuf-id") || equal_ignoring_case(own, "rebuf-replayed") ||
        equal_ignoring_case(own, "rebuf-dead-letter"))
      fail(std::string(own) + " is a header that rebufd itself sets");
  }

  void field(std::string_view name, std::string_view value) {
    if (equal_ignoring_case(name, "content-length") ||
        equal_ignoring_case(name, "transfer-encoding"))
      framing(name, value);
    else if (equal_ignoring_case(name, "content-type"))
      headers.content_type = value;
    else if (equal_ignoring_case(name, "content-encoding"))
      headers.content_encoding = value;
    else if (equal_ignoring_case(name, "expect"))
      headers.expects_continue = equal_ignoring_case(value, "100-continue");
    else if (equal_ignoring_case(name, "rebuf-key"))
      once(name, headers.key, value);
    else if (equal_ignoring_case(name, "idempotency-key"))
      once(name, headers.idempotency_key, value);
    else if (equal_ignoring_case(name, "rebuf-topic"))
      once(name, headers.topic, value);
    else if (equal_ignoring_case(name, "rebuf-timestamp"))
      timestamp(value);
    else if (starts_with_ignoring_case(name, header_prefix))
      message_header(name);
  }
};

// `name` in lower case.
bool is_forwarded(std::string_view name, const config::RouteConfig& route) {
  static constexpr std::array<std::string_view, 12> never{
      "connection", "content-encoding",  "content-length",   "expect",
      "host",       "keep-alive",        "proxy-connection", "te",
      "trailer",    "transfer-encoding", "upgrade",          "idempotency-key"};
  static constexpr std::array<std::string_view, 3> secrets{"authorization", "cookie",
                                                           "proxy-authorization"};
  if (name.starts_with("rebuf-") || std::find(never.begin(), never.end(), name) != never.end())
    return false;
  const bool secret = std::find(secrets.begin(), secrets.end(), name) != secrets.end();
  return std::any_of(
      route.forward_headers.begin(), route.forward_headers.end(),
      [&](const std::string& glob) { return secret ? glob == name : glob_matches(glob, name); });
}

bool has_name(std::string_view packed, std::string_view name) {
  for (const sinks::Header header : sinks::HeaderList(packed))
    if (header.name == name) return true;
  return false;
}

}  // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return lower(x) == lower(y); });
}

bool is_media_type(std::string_view content_type, std::string_view type) {
  return equal_ignoring_case(trimmed(content_type.substr(0, content_type.find(';'))), type);
}

void read_headers(const Head& head, RequestHeaders& headers) {
  Reading reading{headers};
  for (const Field& field : head.fields) reading.field(field.name, field.value);
  if (headers.chunked && !head.http_1_1) reading.fail_framing("HTTP/1.0 has no Transfer-Encoding");
}

void pack_message_headers(const std::vector<Field>& fields, const config::RouteConfig& route,
                          bool framing, std::string& packed) {
  for (const Field& field : fields)
    if (starts_with_ignoring_case(field.name, header_prefix))
      sinks::pack_header(packed, lowered(field.name.substr(header_prefix.size())), field.value);
  if (!route.forward_headers.empty()) {
    const std::string explicit_ones = packed;
    for (const Field& field : fields) {
      const std::string own = lowered(field.name);
      if (framing && own == "content-type") continue;
      if (is_forwarded(own, route) && !has_name(explicit_ones, own))
        sinks::pack_header(packed, own, field.value);
    }
  }
  for (const auto& [name, value] : route.add_headers)
    if (!has_name(packed, name)) sinks::pack_header(packed, name, value);
}

}  // namespace rebuf::daemon::ingest
