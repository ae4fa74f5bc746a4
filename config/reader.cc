#include "config/reader.h"

#include <algorithm>

#include "config/closest.h"
#include "config/references.h"
#include "config/secrets.h"

namespace rebuf::config {
namespace {

std::string_view kind_name(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::nothing:
      return "nothing";
    case Node::Kind::scalar:
      return "a single value";
    case Node::Kind::list:
      return "a list";
    case Node::Kind::map:
      return "a mapping";
  }
  return "";
}

// "in route `telemetry`", "in `buffer` of route `telemetry`"; nothing at the top.
std::string in_place(const std::string& path) {
  return path.empty() ? std::string() : " in " + describe(path);
}

}  // namespace

Reader Reader::inside(std::string_view name) const {
  Reader inner = *this;
  inner.path_ += (path_.empty() ? "" : ".") + std::string(name);
  return inner;
}

std::string Reader::name() const {
  const std::size_t dot = path_.rfind('.');
  return dot == std::string::npos ? path_ : path_.substr(dot + 1);
}

std::optional<std::string> Reader::text(const Node& node) const {
  if (node.kind != Node::Kind::scalar) {
    if (node.kind == Node::Kind::nothing)
      mistake(node.at, "has no value", "write one, \"\" for an empty text, or leave the key out");
    else
      mistake(node.at, "takes a single value, not " + std::string(kind_name(node.kind)));
    return std::nullopt;
  }
  Replaced replaced = replace_references(node.text, *environment_);
  for (Problem& problem : replaced.problems) {
    places_->mistaken(path_);
    report_->mistake(node.at, std::move(problem.what), std::move(problem.hint));
  }
  if (!replaced.problems.empty()) return std::nullopt;
  if (replaced.any) places_->reference(path_, node.text);
  return std::move(replaced.text);
}

bool Reader::is_mapping(const Node& node) const {
  if (node.kind == Node::Kind::map || node.kind == Node::Kind::nothing) return true;
  const std::string what = "is a mapping of keys, not " + std::string(kind_name(node.kind));
  mistake(node.at, what, "as in `key: value`, a line each, indented");
  return false;
}

void Reader::check_names(const Node& map, const Names& names) const {
  for (const Entry& entry : map.entries) {
    const auto is = [&](const std::string& name) { return name == entry.key; };
    if (std::any_of(names.known.begin(), names.known.end(), is)) continue;
    if (path_.empty() && entry.key.starts_with("x-")) continue;
    if (std::any_of(names.later.begin(), names.later.end(), is)) {
      report_->mistake(
          entry.at,
          "the key " + in_ticks(entry.key) + in_place(path_) + " is not supported by this version",
          "leave it out: nothing would heed it");
      continue;
    }
    std::string hint = did_you_mean(entry.key, names.known);
    if (hint.empty() && !names.known.empty()) hint = "known here: " + one_of(names.known);
    report_->mistake(entry.at, "unknown key " + in_ticks(entry.key) + in_place(path_), hint);
  }
}

void Reader::wrong_name(const Location& at, const Problem& problem) const {
  report_->mistake(at, in_ticks(name()) + " " + problem.what, problem.hint);
}

void Reader::wrong(const Node& node, const Problem& problem) const {
  const std::string shown = without_secrets(path_, node.text);
  places_->mistaken(path_);
  report_->mistake(
      node.at,
      describe(path_) + ": " + (shown == mask ? "the value" : in_ticks(shown)) + " " + problem.what,
      problem.hint);
}

void Reader::mistake(const Location& at, const std::string& what, std::string hint) const {
  places_->mistaken(path_);
  report_->mistake(at, (path_.empty() ? "the file" : describe(path_)) + " " + what,
                   std::move(hint));
}

}  // namespace rebuf::config
