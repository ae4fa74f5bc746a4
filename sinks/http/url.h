// An http or https URL taken apart (RFC 3986), as far as a sink needs it.
#pragma once

#include <string>
#include <string_view>

namespace rebuf::sinks::http {

struct Url {
  bool tls = false;
  std::string host;         // name or address; IPv6 without its brackets
  int port = 0;             // 1..65535
  std::string target;       // path and query, from "/" on, as they were written
  std::string host_header;  // for Host: with brackets, and with the port unless it is the default
};

struct UrlResult {
  Url url;
  std::string error;  // empty: `url` is good
};

// Userinfo and fragment are refused, as is what would have to be percent-encoded first.
[[nodiscard]] UrlResult parse_url(std::string_view text);

}  // namespace rebuf::sinks::http
