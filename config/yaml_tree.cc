#include "config/yaml_tree.h"

#include <yaml-cpp/yaml.h>

#include <yaml-cpp/eventhandler.h>

#include <map>
#include <optional>
#include <set>
#include <sstream>

#include "config/yaml_syntax.h"

namespace rebuf::config {
namespace {

// What yaml-cpp calls with each part of the document.
class Builder final : public YAML::EventHandler {
 public:
  Builder(const std::string& file, Report& report) : file_(file), report_(report) {}

  [[nodiscard]] NodePtr root() const { return root_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ == 2)
      report_.mistake(place(mark), "a second YAML document begins here", "a file holds one");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(leaf(Node::Kind::nothing, mark, {}), anchor);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check_tag(mark, tag);
    add(leaf(Node::Kind::scalar, mark, value), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found != anchors_.end()) return add(found->second, 0);
    report_.mistake(place(mark), "this alias stands inside what it stands for");
    add(leaf(Node::Kind::nothing, mark, {}), 0);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    check_tag(mark, tag);
    open(Node::Kind::list, mark, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    check_tag(mark, tag);
    open(Node::Kind::map, mark, anchor);
  }
  void OnMapEnd() override {
    Frame& map = open_.back();
    for (const Entry& merge : map.merges) merge_into(map, merge);
    close();
  }

 private:
  struct Frame {
    std::shared_ptr<Node> node;
    YAML::anchor_t anchor = 0;
    std::optional<Entry> key;     // of a map: read, and its value is to come
    std::set<std::string> names;  // of a map's entries
    std::vector<Entry> merges;    // values of `<<`
  };

  [[nodiscard]] Location place(const YAML::Mark& mark) const {
    return {file_, mark.line + 1, mark.column + 1};
  }

  [[nodiscard]] std::shared_ptr<Node> leaf(Node::Kind kind, const YAML::Mark& mark,
                                           const std::string& text) const {
    auto node = std::make_shared<Node>();
    node->kind = kind;
    node->at = place(mark);
    node->text = text;
    return node;
  }

  void check_tag(const YAML::Mark& mark, const std::string& tag) {
    if (tag.empty() || tag == "?" || tag == "!" || tag.starts_with("tag:yaml.org,2002:")) return;
    report_.mistake(place(mark), "the tag `" + tag + "` means nothing here", "leave it out");
  }

  void open(Node::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    open_.push_back({leaf(kind, mark, {}), anchor, {}, {}, {}});
  }

  void close() {
    const Frame done = std::move(open_.back());
    open_.pop_back();
    add(done.node, done.anchor);
  }

  void add(const NodePtr& node, YAML::anchor_t anchor) {
    if (anchor != 0) anchors_[anchor] = node;
    if (open_.empty()) {
      if (documents_ == 1) root_ = node;
      return;
    }
    Frame& parent = open_.back();
    if (parent.node->kind == Node::Kind::list) {
      parent.node->items.push_back(node);
    } else if (!parent.key) {
      parent.key = Entry{key_text(*node), node->at, nullptr};
    } else {
      parent.key->value = node;
      add_entry(parent, std::move(*parent.key));
      parent.key.reset();
    }
  }

  std::string key_text(const Node& node) {
    if (node.kind != Node::Kind::scalar) report_.mistake(node.at, "a key must be a word");
    return node.text;
  }

  void add_entry(Frame& map, Entry entry) {
    if (entry.key == "<<") {
      map.merges.push_back(std::move(entry));
    } else if (map.names.insert(entry.key).second) {
      map.node->entries.push_back(std::move(entry));
    } else {
      const int first = map.node->find(entry.key)->at.line;
      report_.mistake(entry.at, "`" + entry.key + "` stands here a second time",
                      "the first is in line " + std::to_string(first) + ": keep one of them");
    }
  }

  // What the map has itself stands before what is merged, what is merged first before the later.
  void merge_into(Frame& map, const Entry& merge) {
    const bool list = merge.value->kind == Node::Kind::list;
    std::set<const Node*> done;  // the same map again changes nothing
    for (const NodePtr& from : list ? merge.value->items : std::vector<NodePtr>{merge.value}) {
      if (from->kind != Node::Kind::map) {
        report_.mistake(merge.at, "`<<` takes a mapping, or a list of mappings",
                        "as in `<<: *name`, with `&name` at a mapping above");
        continue;
      }
      if (!done.insert(from.get()).second) continue;
      for (const Entry& entry : from->entries)
        if (map.names.insert(entry.key).second) map.node->entries.push_back(entry);
    }
  }

  const std::string& file_;
  Report& report_;
  std::vector<Frame> open_;
  std::map<YAML::anchor_t, NodePtr> anchors_;
  int documents_ = 0;
  NodePtr root_;
};

}  // namespace

const Entry* Node::find(std::string_view key) const {
  for (const Entry& entry : entries)
    if (entry.key == key) return &entry;
  return nullptr;
}

NodePtr parse_yaml(const std::string& text, const std::string& file, Report& report) {
  Builder builder(file, report);
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder))
      return std::make_shared<Node>(Node{Node::Kind::nothing, {file, 1, 1}, {}, {}, {}});
    // Not until its end: of some bytes yaml-cpp makes empty documents for ever.
    (void)parser.HandleNextDocument(builder);
  } catch (const YAML::Exception& error) {
    const Location at{file, error.mark.line + 1, error.mark.column + 1};
    report.mistake(at, "not YAML: " + error.msg, syntax_hint(text, error.mark.line));
    return nullptr;
  }
  return builder.root();
}

}  // namespace rebuf::config
