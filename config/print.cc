// A Config as YAML that loads again to the same value.
#include <string_view>

#include "config/keys.h"
#include "config/load.h"
#include "config/references.h"
#include "config/secrets.h"

namespace rebuf::config {
namespace {

std::string in_quotes(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\x";
      out += digits[byte >> 4U];
      out += digits[byte & 0xfU];
    } else {
      out += c;
    }
  }
  return out + "\"";
}

// Without quotes where no YAML reader can mistake it for anything else.
std::string yaml_text(std::string_view text) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-";
  const bool word = !text.empty() && text.find_first_not_of(plain) == std::string_view::npos &&
                    text[0] != '-' && text[0] != '.' && text != "null" && text != "Null" &&
                    text != "NULL";
  return word ? std::string(text) : in_quotes(text);
}

class Printer final : public Visitor {
 public:
  explicit Printer(const Config& config) : references_(config.references) {}

  [[nodiscard]] std::string take() { return std::move(out_); }

  void scalar(const Leaf& leaf, const std::string& value) override {
    line(leaf.name + ": " + shown(path_ + leaf.name, value));
  }
  void list(const Leaf& leaf, const std::vector<std::string>& values) override {
    std::string text;
    for (std::size_t i = 0; i < values.size(); ++i)
      text += (i > 0 ? ", " : "") + shown(path_ + leaf.name + "." + std::to_string(i), values[i]);
    line(leaf.name + ": [" + text + "]");
  }
  void pairs(const Leaf& leaf, const std::map<std::string, std::string>& values) override {
    if (values.empty()) return line(leaf.name + ": {}");
    begin(leaf.name);
    for (const auto& [name, value] : values)
      line(yaml_text(name) + ": " + shown(path_ + name, value));
    end();
  }
  void begin(const std::string& name) override {
    line(yaml_text(name) + ":");
    path_ += name + ".";
    lengths_.push_back(name.size() + 1);
  }
  void end() override {
    path_.resize(path_.size() - lengths_.back());
    lengths_.pop_back();
  }

 private:
  void line(const std::string& text) {
    out_ += std::string(2 * lengths_.size(), ' ') + text + "\n";
  }

  [[nodiscard]] std::string shown(const std::string& path, const std::string& value) const {
    if (const auto found = references_.find(path); found != references_.end())
      return in_quotes(found->second);
    return yaml_text(escape_references(without_secrets(path, value)));
  }

  const std::map<std::string, std::string>& references_;
  std::string out_;
  std::string path_;                  // with a dot at its end
  std::vector<std::size_t> lengths_;  // of its parts
};

}  // namespace

std::string print(const Config& config) {
  Printer printer(config);
  visit_table(printer, all_keys(), Draft{config, {}});
  return printer.take();
}

}  // namespace rebuf::config
