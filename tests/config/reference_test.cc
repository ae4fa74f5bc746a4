// docs/configuration.md names the keys, types and defaults that the code has.
#include "config/reference.h"

#include <fstream>

#include "loading.h"

namespace rebuf::config::test {
namespace {

// The rows of the page that describe keys: "| `key` | type | default |", without the meaning.
std::string rows_of_page() {
  std::ifstream page(REBUF_DOCS_DIR "/configuration.md");
  REQUIRE(page);
  std::string rows;
  for (std::string line; std::getline(page, line);) {
    if (!line.starts_with("| `")) continue;
    std::size_t end = 0;
    for (int cell = 0; cell < 3; ++cell) end = line.find(" | ", end + 1);
    REQUIRE_MESSAGE(end != std::string::npos, line);
    CHECK_MESSAGE(line.size() > end + 10, "no meaning: ", line);
    rows += line.substr(0, end) + "\n";
  }
  return rows;
}

}  // namespace

TEST_CASE("the page and the code name the same keys, types and defaults, in the same order") {
  std::string rows;
  for (const SectionReference& section : reference())
    for (const KeyReference& key : section.keys)
      rows += "| `" + key.key + "` | " + key.type + " | " + key.default_text + "\n";
  CHECK_MESSAGE(rows_of_page() == rows, "the rows should begin with:\n", rows);
}

}  // namespace rebuf::config::test
