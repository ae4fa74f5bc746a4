// `${NAME}` (environment), `${file:/path}` and `${cred:NAME}` (systemd credential) in values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/load.h"
#include "config/parsed.h"

namespace rebuf::config {

struct Replaced {
  std::string text;
  bool any = false;               // there was a reference
  std::vector<Problem> problems;  // whole sentences: what cannot be replaced
};

// `$${` becomes `${`; every other `$` stays. What is put in is not looked at again. A file gives
// its content without the newline at its end.
[[nodiscard]] Replaced replace_references(std::string_view text, const Environment& environment);

// The text that replace_references() makes `text` of.
[[nodiscard]] std::string escape_references(std::string_view text);

// At most `longest` bytes. False with the reason when it cannot be read.
[[nodiscard]] bool read_file(const std::string& path, std::size_t longest, std::string& content,
                             std::string& why);

}  // namespace rebuf::config
