// The Idempotency-Key field (draft-ietf-httpapi-idempotency-key-header). A pure function.
#pragma once

#include <string>
#include <string_view>

namespace rebuf::daemon::ingest {

struct IdempotencyKey {
  std::string key;    // without quotes and escapes
  std::string error;  // what is wrong and what would be right; empty: nothing
};

// `field` as sent, without space around it. Either a string in quotes (RFC 8941 3.3.3: printable
// ASCII, \" and \\), or bare: visible ASCII without quotes. 1 to 255 characters. Both ways name the
// same key.
[[nodiscard]] IdempotencyKey parse_idempotency_key(std::string_view field);

}  // namespace rebuf::daemon::ingest
