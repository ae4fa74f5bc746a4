// The value of Rebuf-Ids: the ids of a batch's messages in order, as ranges `first+count`,
// separated by commas; at most 4 KiB.
#pragma once

#include <cstdint>
#include <string>

#include "sinks/message.h"

namespace rebuf::sinks::http {

inline constexpr std::size_t id_ranges_max_bytes = 4096;

class IdRanges {
 public:
  // False: it would become too long, and nothing has changed.
  [[nodiscard]] bool add(const MessageId& id);
  [[nodiscard]] std::string text() const;

 private:
  std::string closed_;  // the ranges before the last
  MessageId first_;     // of the last range
  MessageId next_;      // that would continue it
  std::uint64_t count_ = 0;
};

}  // namespace rebuf::sinks::http
