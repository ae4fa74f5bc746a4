#include "config/needs_restart.h"

#include <cstddef>
#include <string>
#include <utility>

#include "config/keys.h"

namespace rebuf::config {
namespace {

constexpr std::string_view changeable = "stop_timeout";

struct Value {
  std::string path;
  std::string text;
};

// The values of one configuration, key by key: those of two stand in the same order.
class Values final : public Visitor {
 public:
  void scalar(const Leaf& leaf, const std::string& value) override {
    values.push_back({prefix_ + leaf.name, value});
  }
  void list(const Leaf& leaf, const std::vector<std::string>& items) override {
    std::string text;
    for (const std::string& item : items) text += (text.empty() ? "" : ", ") + item;
    values.push_back({prefix_ + leaf.name, "[" + text + "]"});
  }
  void pairs(const Leaf& leaf, const std::map<std::string, std::string>& pairs) override {
    std::string text;
    for (const auto& [name, value] : pairs)
      text.append(name).append(": ").append(value).append(", ");
    values.push_back({prefix_ + leaf.name, "{" + text + "}"});
  }
  void begin(const std::string& name) override { prefix_ += name + "."; }
  void end() override { prefix_.erase(prefix_.rfind('.', prefix_.size() - 2) + 1); }

  std::vector<Value> values;

 private:
  std::string prefix_;  // with a dot at its end
};

std::vector<Value> values_of(const Config& config) {
  Values visitor;
  visit_table(visitor, process_keys(), config);
  return std::move(visitor.values);
}

}  // namespace

std::vector<Mistake> needs_restart(const Config& running, const Loaded& wanted) {
  const std::vector<Value> old_values = values_of(running);
  const std::vector<Value> new_values = values_of(*wanted.config);
  std::vector<Mistake> mistakes;
  for (std::size_t i = 0; i < new_values.size(); ++i) {
    const auto& [path, text] = new_values[i];
    if (path == changeable || text == old_values[i].text) continue;
    mistakes.push_back({wanted.places.at(path),
                        describe(path) + " cannot change from `" + old_values[i].text + "` to `" +
                            text + "` while rebufd runs",
                        "this needs a restart"});
  }
  return mistakes;
}

}  // namespace rebuf::config
