// The message that a sink takes: views into memory that the submitter keeps until the sink has
// reported it.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace rebuf::sinks {

// The submitter's name for a message: grows with every message that it submits on a channel, never
// used twice there.
using Token = std::uint64_t;

// `rebuf-id`: 8 random bytes, 24 bits start number, 40 bits count, big-endian. Unique over all
// hosts, grows per route.
struct MessageId {
  // So many ids, one behind the other, are a run. Where a run is left before it is used up, the
  // next id is the first of the next run.
  static constexpr std::uint64_t run_length = 1024;
  std::array<std::uint8_t, 16> bytes{};
  friend auto operator<=>(const MessageId&, const MessageId&) = default;
  // 32 lower-case hexadecimal digits.
  [[nodiscard]] std::string hex() const;
  void hex_into(std::span<char, 32> out) const noexcept;
  // The number of its run; that of the next run is one more. Different hosts begin anywhere.
  [[nodiscard]] std::uint64_t run() const noexcept;
};

struct Header {
  std::string_view name;  // lower case
  std::string_view value;
};

// Headers packed one behind the other: [u16 name length][u32 value length][name][value],
// big-endian. A view; iterates without allocating. The bytes come from pack_header() or were
// checked with `valid`.
class HeaderList {
 public:
  HeaderList() = default;
  explicit HeaderList(std::string_view packed) : packed_(packed) {}

  class Iterator {
   public:
    explicit Iterator(const char* at) : at_(at) {}
    Header operator*() const;
    Iterator& operator++();
    friend bool operator==(const Iterator&, const Iterator&) = default;

   private:
    const char* at_;
  };
  [[nodiscard]] Iterator begin() const { return Iterator(packed_.data()); }
  [[nodiscard]] Iterator end() const { return Iterator(packed_.data() + packed_.size()); }
  [[nodiscard]] bool empty() const { return packed_.empty(); }
  [[nodiscard]] std::string_view packed() const { return packed_; }
  // Whether the bytes are a whole list.
  [[nodiscard]] static bool valid(std::string_view packed) noexcept;

 private:
  std::string_view packed_;
};

// Appends one header to a packed list. Name at most 65535 bytes.
void pack_header(std::string& packed, std::string_view name, std::string_view value);

struct OutMessage {
  Token token = 0;
  MessageId id;                   // travels as the header rebuf-id, which the sink adds
  bool replayed = false;          // from the log: the sink adds rebuf-replayed: 1
  std::int64_t timestamp_ms = 0;  // since the epoch
  bool stamped_here = false;      // with this host's clock; else by who sent it
  bool patient = false;           // may wait a millisecond for others to travel with it
  std::string_view topic;
  std::optional<std::string_view> key;  // absent: null key
  HeaderList headers;
  std::string_view value;  // may be empty (an empty message, not a tombstone)
};

}  // namespace rebuf::sinks
