// What the clients of a run were told, and what arrived downstream: the two lists that check.h
// compares.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rebuf::e2e {

using Clock = std::chrono::steady_clock;

// A rebuf-id: 64 random bits, then start number and count, which grow.
struct Id {
  std::uint64_t prefix = 0;
  std::uint64_t number = 0;
  friend auto operator<=>(const Id&, const Id&) = default;

  [[nodiscard]] Id plus(std::uint64_t messages) const { return {prefix, number + messages}; }
  [[nodiscard]] std::string text() const;
  // Of exactly 32 lower-case hexadecimal digits.
  [[nodiscard]] static std::optional<Id> parse(std::string_view text);
};

// What the client knows about one POST.
enum class Outcome : std::uint8_t {
  delivered,  // 200
  buffered,   // 202
  refused,    // an error that says that nothing was accepted
  unknown,    // the connection broke, or 503 outcome_unknown
};

// Names one POST within a run. Travels as the header `sending` ("3.17") or in the values.
struct SendingName {
  std::uint32_t client = 0;
  std::uint64_t number = 0;  // rises with every POST of the client, also a repeated one
  friend auto operator<=>(const SendingName&, const SendingName&) = default;

  [[nodiscard]] std::string text() const;
  [[nodiscard]] static std::optional<SendingName> parse(std::string_view text);
};

// One POST. A client sends the next one only after the answer to this one, or after it gave it up.
struct Sending {
  SendingName name;
  std::vector<std::string_view> rows;
  Outcome outcome = Outcome::unknown;
  int status = 0;    // 0: no answer
  std::string code;  // of a problem
  int retry_after_s = 0;
  Id first_id, last_id;  // when delivered or buffered
  bool durable = false;  // when buffered
  Clock::time_point begin, end;

  [[nodiscard]] bool acknowledged() const {
    return outcome == Outcome::delivered || outcome == Outcome::buffered;
  }
};

// One message downstream. A run lists them in the order in which they arrived.
struct Arrival {
  std::int32_t stream = 0;  // within which order counts: a partition, an endpoint
  Id id;
  bool replayed = false;
  std::optional<SendingName> sent_as;  // when the downstream can see it
  std::string value;
};

}  // namespace rebuf::e2e
