// A log entry as rebufd wrote it: a message, a dead letter around a message, or (written by another
// program) bytes.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "daemon/envelope.h"
#include "daemon/route/dead_letters.h"
#include "rebuf/reader.h"

namespace rebuf::ctl {

// Views into the entry's memory.
struct Entry {
  std::optional<daemon::DeadLetter> dead_letter;
  std::optional<daemon::Envelope> message;
  std::string_view value;  // of the message; without one: all of the entry

  [[nodiscard]] static Entry decode(Bytes data);
};

// One line of `wal export`: position, envelope and value; bytes that are not UTF-8 in base64, under
// a name that ends with _base64.
[[nodiscard]] nlohmann::ordered_json to_json(const EntryRef& at, const Entry& entry);

}  // namespace rebuf::ctl
