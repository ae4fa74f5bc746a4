// The text of an HTTP answer, and how it is made from what a route says. Pure values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/request.h"

namespace rebuf::daemon::ingest {

inline constexpr std::uint32_t retry_soon_s = 1;
inline constexpr std::uint32_t retry_after_stop_s = 5;  // about what a restart takes

struct Reply {
  int status = 200;
  std::string_view content_type = "application/json";
  std::string body;
  std::uint32_t retry_after_s = 0;  // 0: no header
  std::string_view allow;           // of a 405 or OPTIONS; static text
  std::string_view accept;          // of a 415
  std::string_view accept_encoding;
  std::string_view rebuf_status;  // empty: no Rebuf-Status and no Rebuf-Durable
  bool durable = false;
  bool repeated = false;  // Idempotent-Replayed: true
};

// RFC 9457. `code` is one of the stable words of contracts; `index` of the message at fault.
[[nodiscard]] Reply problem(int status, std::string_view code, std::string_view detail,
                            std::optional<std::size_t> index = std::nullopt);
// The same for states that pass: 429 or 503 with Retry-After.
[[nodiscard]] Reply problem_for_now(int status, std::string_view code, std::string_view detail,
                                    std::uint32_t retry_after_s);

// `batch`: the request had the form of a batch, even one of a single message.
[[nodiscard]] Reply reply_to(const Answer& answer, std::size_t messages, bool batch);

// Appends `text` as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

}  // namespace rebuf::daemon::ingest
