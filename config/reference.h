// All keys, with their types and defaults, as the code has them. docs/configuration.md shows the
// same; a test compares the two.
#pragma once

#include <string>
#include <vector>

namespace rebuf::config {

struct KeyReference {
  std::string key;           // within its section: "listen", "tls.ca"
  std::string type;          // with the range
  std::string default_text;  // as in a file, or in words
};

struct SectionReference {
  std::string name;  // empty: the process; a type of sink; "route"
  std::vector<KeyReference> keys;
};

[[nodiscard]] std::vector<SectionReference> reference();

}  // namespace rebuf::config
