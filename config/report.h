// What is wrong with a configuration, collected while it is read. Belongs to one load(); one
// thread.
#pragma once

#include <string>
#include <vector>

#include "config/load.h"

namespace rebuf::config {

class Report {
 public:
  void mistake(const Location& at, std::string what, std::string hint = {}) {
    mistakes_.push_back({at, std::move(what), std::move(hint)});
  }
  void warning(const Location& at, std::string what, std::string hint = {}) {
    warnings_.push_back({at, std::move(what), std::move(hint)});
  }
  [[nodiscard]] bool clean() const { return mistakes_.empty(); }
  // In file order, each once (an alias is read as often as it is used).
  [[nodiscard]] std::vector<Mistake> mistakes() const;
  [[nodiscard]] std::vector<Mistake> warnings() const;

 private:
  std::vector<Mistake> mistakes_;
  std::vector<Mistake> warnings_;
};

}  // namespace rebuf::config
