// What goes over a configuration key by key: print() and the reference of all keys.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace rebuf::config {

// A key that holds a value itself.
struct Leaf {
  std::string name;
  std::string type;          // with its range: "size, 64KiB to 1GiB"
  std::string default_text;  // when the default is not simply the value: "the route's name"
};

class Visitor {
 public:
  virtual ~Visitor() = default;
  Visitor() = default;
  Visitor(const Visitor&) = delete;
  Visitor& operator=(const Visitor&) = delete;

  virtual void scalar(const Leaf& leaf, const std::string& value) = 0;
  virtual void list(const Leaf& leaf, const std::vector<std::string>& values) = 0;
  virtual void pairs(const Leaf& leaf, const std::map<std::string, std::string>& values) = 0;
  virtual void begin(const std::string& name) = 0;  // a mapping of keys
  virtual void end() = 0;
};

}  // namespace rebuf::config
