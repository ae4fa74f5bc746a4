// Where each key stands that was read, by its path ("routes.telemetry.buffer.max_bytes"): for
// checks that come after reading, and for the references that print() shows instead of values.
// Belongs to one load(); one thread.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "config/config.h"

namespace rebuf::config {

class Places {
 public:
  explicit Places(std::string file) : file_(std::move(file)) {}

  // The key at `path` is read here (again); what an earlier reading left below it goes.
  void begin_value(const std::string& path, const Location& at);
  // A mapping of keys begins here; what was read below it before stays.
  void begin_section(const std::string& path, const Location& at) { places_[path].at = at; }
  void mistaken(const std::string& path) { places_[path].mistaken = true; }
  void reference(const std::string& path, const std::string& written) {
    places_[path].reference = written;
  }
  // What stands below `from` stands below `to` as well.
  void inherit(std::string_view from, const std::string& to);

  [[nodiscard]] bool given(const std::string& path) const { return places_.contains(path); }
  // Of the key, else of what it would stand in.
  [[nodiscard]] Location at(std::string_view path) const;
  // Nothing was wrong at the key, below it or with what it stands in: its value may be judged.
  [[nodiscard]] bool sound(std::string_view path) const;
  // Path -> text with `${…}`, of all values made from references.
  [[nodiscard]] std::map<std::string, std::string> references() const;

 private:
  struct Place {
    Location at;
    bool mistaken = false;
    std::string reference;  // empty: none
  };

  std::string file_;
  std::map<std::string, Place, std::less<>> places_;
};

// "routes.telemetry.buffer.max_bytes" -> "`buffer.max_bytes` of route `telemetry`".
[[nodiscard]] std::string describe(std::string_view path);

}  // namespace rebuf::config
