// One answered key as it lies in the log of <route>/idempotency. Pure functions over bytes;
// docs/idempotency.md has the same table.
//
//   record                                    answer
//    0   4  magic F5 72 62 69                  0  16  first rebuf-id
//    4   1  version (1)                       16  16  last rebuf-id
//    5   1  key length, 1 to 255              32   4  messages delivered
//    6   2  zero                              36   4  messages buffered
//    8   8  time, ms since the epoch          40   4  partition (two's complement)
//   16  16  fingerprint                       44   8  offset (two's complement)
//   32   …  key, answer (to the end)          52   1  flags (bit 0: durable)
//                                             53   2  refused messages that follow
//                                             55   …  each: 4 index, 1 refusal, 1 detail length,
//                                                     detail
//
// All numbers big-endian.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "daemon/idempotency/fingerprint.h"
#include "daemon/request.h"

namespace rebuf::daemon::idempotency {

inline constexpr std::size_t longest_key = 255;  // bytes
// Of a partial answer; a repeat's `errors` end there.
inline constexpr std::size_t most_refused_kept = 100;
inline constexpr std::size_t longest_detail_kept = 200;

struct KeyRecord {
  std::string_view key;
  Fingerprint fingerprint{};
  std::int64_t time_ms = 0;  // wall clock, when it was answered
  std::string_view answer;   // as encode_answer() gives it
};

[[nodiscard]] std::string encode(const KeyRecord& record);
// Views into `data`; empty when it is no record of this version, whole and consistent.
[[nodiscard]] std::optional<KeyRecord> decode_key_record(std::span<const std::byte> data);

// Of an answer with AnswerCode::ok.
[[nodiscard]] std::string encode_answer(const Answer& answer);
[[nodiscard]] std::optional<Answer> decode_answer(std::string_view bytes);

}  // namespace rebuf::daemon::idempotency
