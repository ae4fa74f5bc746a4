#include "config/reference.h"

#include "config/keys.h"

namespace rebuf::config {
namespace {

// Collects the keys of one section with the values of a configuration that nobody touched.
class Collector final : public Visitor {
 public:
  [[nodiscard]] std::vector<KeyReference> take() { return std::move(keys_); }

  void scalar(const Leaf& leaf, const std::string& value) override { add(leaf, "`" + value + "`"); }
  void list(const Leaf& leaf, const std::vector<std::string>& values) override {
    std::string text;
    for (const std::string& value : values) text += (text.empty() ? "" : ", ") + value;
    add(leaf, "`[" + text + "]`");
  }
  void pairs(const Leaf& leaf, const std::map<std::string, std::string>& values) override {
    std::string text;
    for (const auto& [name, value] : values) {
      text += text.empty() ? " " : ", ";
      text.append(name).append(": ").append(value);
    }
    add(leaf, text.empty() ? "`{}`" : "`{" + text + " }`");
  }
  void begin(const std::string& name) override { prefixes_.push_back(prefix() + name + "."); }
  void end() override { prefixes_.pop_back(); }

 private:
  [[nodiscard]] std::string prefix() const {
    return prefixes_.empty() ? std::string() : prefixes_.back();
  }
  void add(const Leaf& leaf, const std::string& value) {
    keys_.push_back(
        {prefix() + leaf.name, leaf.type, leaf.default_text.empty() ? value : leaf.default_text});
  }

  std::vector<KeyReference> keys_;
  std::vector<std::string> prefixes_;
};

template <class T>
SectionReference section_reference(std::string name, const Table<T>& table) {
  Collector collector;
  visit_table(collector, table, T());
  return {std::move(name), collector.take()};
}

}  // namespace

std::vector<SectionReference> reference() {
  return {section_reference("", process_keys()),
          section_reference("kafka", sink_keys(SinkType::kafka, false)),
          section_reference("embedded_kafka", sink_keys(SinkType::kafka, true)),
          section_reference("http", sink_keys(SinkType::http, false)),
          section_reference("file", sink_keys(SinkType::file, false)),
          section_reference("route", route_keys())};
}

}  // namespace rebuf::config
