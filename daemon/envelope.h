// What rebufd stores as the data of a log entry: one message with its envelope, compact, versioned,
// decoded in place. The same bytes serve a message from the request to its acknowledgement: encoded
// once by the ingest thread, read by the sink, appended to the log as they stand.
// docs/wal_format.md has the layout byte by byte:
//
//    0   4  magic F5 72 62 65 (F5 occurs in no UTF-8 text)
//    4   1  version (1)
//    5   1  flags (bit 0: has a key)
//    6   2  topic length
//    8   8  ordinal
//   16  16  rebuf-id
//   32   8  timestamp, ms since the epoch
//   40   8  arrival, ms
//   48   4  key length
//   52   4  packed headers' length
//   56   …  topic, key, packed headers, value (to the end)
//
// All numbers big-endian. An entry without the magic (written by the Go library) is a message: the
// whole is its value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sinks/message.h"

namespace rebuf::daemon {

inline constexpr std::size_t envelope_fixed_bytes = 56;

struct Envelope {
  std::uint64_t ordinal = 0;  // dense per log; set when the message is appended
  sinks::MessageId id;
  std::int64_t timestamp_ms = 0;  // the client's, else arrival
  std::int64_t arrival_ms = 0;    // wall clock when the request came
  std::string_view topic;         // at most 65535 bytes
  std::optional<std::string_view> key;
  sinks::HeaderList headers;
  std::string_view value;
};

// Appends the encoded envelope to `out`.
void encode(const Envelope& envelope, std::string& out);
[[nodiscard]] std::size_t encoded_size(const Envelope& envelope) noexcept;

// Views into `data`; empty when it is not an envelope of this version, whole and consistent.
[[nodiscard]] std::optional<Envelope> decode(std::span<const std::byte> data) noexcept;
// The ordinal alone, from the fixed part; for Options::ordinal_of.
[[nodiscard]] std::optional<std::uint64_t> ordinal_of(std::span<const std::byte> data) noexcept;

// Written in place, into an encoded envelope.
void set_ordinal(std::span<std::byte> envelope, std::uint64_t ordinal) noexcept;
void set_id(std::span<std::byte> envelope, const sinks::MessageId& id) noexcept;

}  // namespace rebuf::daemon
