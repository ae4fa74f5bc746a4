// A YAML document as a tree in which every key and every value knows its place. Aliases and merge
// keys (`<<`) are already resolved, every key stands once. Plain data, shared by its aliases.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/report.h"

namespace rebuf::config {

struct Node;
using NodePtr = std::shared_ptr<const Node>;

struct Entry {
  std::string key;
  Location at;    // of the key
  NodePtr value;  // never null
};

struct Node {
  enum class Kind : std::uint8_t { nothing, scalar, list, map };
  Kind kind = Kind::nothing;
  Location at;
  std::string text;            // of a scalar, as written but for quotes
  std::vector<NodePtr> items;  // of a list
  std::vector<Entry> entries;  // of a map; its own in file order, then the merged ones

  [[nodiscard]] const Entry* find(std::string_view key) const;
};

// Null when the text is not YAML. Mistakes of form (syntax, keys twice, a second document) go to
// the report. Never throws, whatever the bytes.
[[nodiscard]] NodePtr parse_yaml(const std::string& text, const std::string& file, Report& report);

}  // namespace rebuf::config
