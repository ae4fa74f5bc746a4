#include "config/load.h"

#include "config/checks.h"
#include "config/defaults.h"
#include "config/keys.h"
#include "config/references.h"

namespace rebuf::config {
namespace {

// At most one mistake stands for what follows from it: keys that were wrong are not checked again.
void check(const Config& config, const Places& places, Report& report) {
  const Checked checked{config, places, report};
  check_listens(checked);
  check_sinks(checked);
  check_kafka(checked);
  check_routes(checked);
  check_capacity(checked);
}

}  // namespace

Loaded load(const std::string& path, const Environment& environment) {
  constexpr std::size_t longest = 1 << 20;  // a person's file is far smaller
  std::string text;
  std::string why;
  if (!read_file(path, longest, text, why))
    return {std::nullopt, {{{path, 0, 0}, "cannot be read: " + why, {}}}, {}};
  return load_text(text, path, environment);
}

Loaded load_text(const std::string& text, const std::string& name, const Environment& environment) {
  Report report;
  if (const NodePtr tree = parse_yaml(text, name, report)) {
    Places places(name);
    Draft draft;
    draft.config.file = name;
    read_table(Reader(report, places, environment), *tree, all_keys(), draft);
    fill_defaults(draft.config, environment, places, report);
    check(draft.config, places, report);
    draft.config.references = places.references();
    std::erase_if(draft.config.references, [](const auto& reference) {
      return reference.first.starts_with("route_defaults.") ||   // the routes have it
             reference.first.ends_with(".buffer.max_segments");  // max_bytes follows from it
    });
    if (report.clean()) return {std::move(draft.config), {}, report.warnings(), std::move(places)};
  }
  return {std::nullopt, report.mistakes(), report.warnings()};
}

}  // namespace rebuf::config
