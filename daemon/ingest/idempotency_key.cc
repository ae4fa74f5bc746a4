#include "daemon/ingest/idempotency_key.h"

#include <algorithm>

#include "daemon/idempotency/key_record.h"

namespace rebuf::daemon::ingest {
namespace {

IdempotencyKey wrong(std::string_view what) {
  constexpr std::string_view right =
      R"(; it takes 1 to 255 characters of ASCII, bare without spaces (order-17) or quoted ("order 17"))";
  return {{}, std::string("Idempotency-Key ").append(what).append(right)};
}

bool is_printable(char c) { return c >= 0x20 && c <= 0x7E; }

// What stands between the quotes; `field` begins with one.
IdempotencyKey unquoted(std::string_view field) {
  std::string key;
  for (std::size_t i = 1; i < field.size(); ++i) {
    char c = field[i];
    if (c == '"' && i + 1 == field.size()) return {std::move(key), {}};
    if (c == '"') return wrong("goes on behind its closing quote");
    if (c == '\\') {
      ++i;
      if (i == field.size() || (field[i] != '"' && field[i] != '\\'))
        return wrong(R"(has a backslash before something else than " or \)");
      c = field[i];
    }
    if (!is_printable(c)) return wrong("has a character that is not printable ASCII");
    key += c;
  }
  return wrong("has no closing quote");
}

IdempotencyKey bare(std::string_view field) {
  const bool fine = std::all_of(field.begin(), field.end(),
                                [](char c) { return is_printable(c) && c != ' ' && c != '"'; });
  if (!fine) return wrong("has a space, a quote, or a character that is not ASCII");
  return {std::string(field), {}};
}

}  // namespace

IdempotencyKey parse_idempotency_key(std::string_view field) {
  IdempotencyKey parsed = field.starts_with('"') ? unquoted(field) : bare(field);
  if (!parsed.error.empty()) return parsed;
  if (parsed.key.empty()) return wrong("is empty");
  if (parsed.key.size() > idempotency::longest_key) return wrong("is longer than 255 characters");
  return parsed;
}

}  // namespace rebuf::daemon::ingest
