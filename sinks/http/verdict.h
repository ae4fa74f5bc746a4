// What an answer means (contract: docs/http_sink.md).
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string_view>

#include "sinks/dispatch/transport.h"
#include "sinks/http/client.h"

namespace rebuf::sinks::http {

// The pause that Retry-After asks for (RFC 9110, seconds or a date); at most an hour.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_retry_after(
    std::string_view value, std::chrono::system_clock::time_point now);

// The verdict on a batch's first `count` messages.
[[nodiscard]] dispatch::Verdict judge(const Answer& answer, std::span<const int> dead_letter_status,
                                      std::size_t count, std::chrono::system_clock::time_point now);

// The verdict of a probe.
[[nodiscard]] dispatch::Verdict judge_probe(const Answer& answer);

}  // namespace rebuf::sinks::http
