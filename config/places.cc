#include "config/places.h"

#include <vector>

#include "config/closest.h"

namespace rebuf::config {
namespace {

// Empty for a path without a dot.
std::string_view parent(std::string_view path) {
  const std::size_t dot = path.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : path.substr(0, dot);
}

// Which of a list's values it is, the line and column say.
std::string_view without_index(std::string_view path) {
  const std::size_t last = path.rfind('.') + 1;
  const bool index =
      last != 0 && path.find_first_not_of("0123456789", last) == std::string_view::npos;
  return index ? path.substr(0, last - 1) : path;
}

}  // namespace

void Places::begin_value(const std::string& path, const Location& at) {
  const std::string below = path + ".";
  auto next = places_.lower_bound(below);
  while (next != places_.end() && next->first.starts_with(below)) next = places_.erase(next);
  places_[path] = Place{at, false, {}};
}

void Places::inherit(std::string_view from, const std::string& to) {
  const std::string below = std::string(from) + ".";
  std::vector<std::pair<std::string, Place>> copies;
  for (auto it = places_.lower_bound(below); it != places_.end() && it->first.starts_with(below);
       ++it)
    copies.emplace_back(to + "." + it->first.substr(below.size()), it->second);
  for (auto& [path, place] : copies) places_[path] = std::move(place);
}

Location Places::at(std::string_view path) const {
  for (; !path.empty(); path = parent(path))
    if (const auto found = places_.find(path); found != places_.end()) return found->second.at;
  return {file_, 1, 1};
}

bool Places::sound(std::string_view path) const {
  for (std::string_view up = path; !up.empty(); up = parent(up))
    if (const auto found = places_.find(up); found != places_.end() && found->second.mistaken)
      return false;
  const std::string below = std::string(path) + ".";
  for (auto it = places_.lower_bound(below); it != places_.end() && it->first.starts_with(below);
       ++it)
    if (it->second.mistaken) return false;
  return true;
}

std::map<std::string, std::string> Places::references() const {
  std::map<std::string, std::string> all;
  for (const auto& [path, place] : places_)
    if (!place.reference.empty()) all.emplace(path, place.reference);
  return all;
}

std::string describe(std::string_view path) {
  std::string_view kind;
  if (path.starts_with("routes.")) kind = "route";
  if (path.starts_with("sinks.")) kind = "sink";
  if (kind.empty()) return in_ticks(without_index(path));
  const std::string_view rest = path.substr(path.find('.') + 1);
  const std::size_t dot = rest.find('.');
  const std::string owner = std::string(kind) + " " + in_ticks(rest.substr(0, dot));
  return dot == std::string_view::npos
             ? owner
             : in_ticks(without_index(rest.substr(dot + 1))) + " of " + owner;
}

}  // namespace rebuf::config
