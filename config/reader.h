// Reads one place of the tree: turns scalars into text with their references replaced, and reports
// what is wrong in the words of that place. Cheap to copy; refers to what one load() owns.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/parsed.h"
#include "config/places.h"
#include "config/yaml_tree.h"

namespace rebuf::config {

// Names a table of keys does and does not know.
struct Names {
  std::vector<std::string> known;
  std::vector<std::string> later;  // part of the design, and not served by this version
};

class Reader {
 public:
  Reader(Report& report, Places& places, const Environment& environment)
      : report_(&report), places_(&places), environment_(&environment) {}

  [[nodiscard]] Reader inside(std::string_view name) const;
  [[nodiscard]] const std::string& path() const { return path_; }
  // The last part of the path.
  [[nodiscard]] std::string name() const;
  [[nodiscard]] Places& places() const { return *places_; }

  // The text of a scalar. Reported and empty when it is none or a reference cannot be replaced.
  [[nodiscard]] std::optional<std::string> text(const Node& node) const;
  // Whether the node is a mapping (or nothing, which counts as an empty one). Reported if not.
  [[nodiscard]] bool is_mapping(const Node& node) const;
  void check_names(const Node& map, const Names& names) const;

  // The name at this place is wrong; what stands below it may be judged all the same.
  void wrong_name(const Location& at, const Problem& problem) const;
  // The value as it stands in the file is wrong.
  void wrong(const Node& node, const Problem& problem) const;
  // "<this place> <what>".
  void mistake(const Location& at, const std::string& what, std::string hint = {}) const;

 private:
  Report* report_;
  Places* places_;
  const Environment* environment_;
  std::string path_;
};

}  // namespace rebuf::config
