// The keys of the configuration, each described once: a Table<T> says which keys a mapping has and
// which member of T each one fills. From it come reading, the errors for unknown keys, print() and
// the reference that docs/configuration.md is checked against.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "config/reader.h"
#include "config/value_types.h"
#include "config/visitor.h"

namespace rebuf::config {

template <class T>
struct Key {
  std::string name;
  // `here` is the key's place, `entry` the key with its value in the file.
  std::function<void(const Reader& here, const Entry& entry, T& into)> read;
  std::function<void(Visitor& visitor, const T& from)> visit;
};

template <class T>
struct Table {
  std::vector<Key<T>> keys;
  std::vector<std::string> later;  // of the design, not served by this version: errors of their own
};

template <class T>
void read_table(const Reader& here, const Node& node, const Table<T>& table, T& into) {
  if (!here.is_mapping(node)) return;
  Names names;
  for (const Key<T>& key : table.keys) names.known.push_back(key.name);
  names.later = table.later;
  here.check_names(node, names);
  for (const Key<T>& key : table.keys)
    if (const Entry* entry = node.find(key.name)) key.read(here.inside(key.name), *entry, into);
}

template <class T>
void visit_table(Visitor& visitor, const Table<T>& table, const T& from) {
  for (const Key<T>& key : table.keys) key.visit(visitor, from);
}

// The value, or nothing when the file's is wrong, which is then reported.
template <class V>
std::optional<V> read_value(const Reader& here, const Node& node, const ValueType<V>& type) {
  const std::optional<std::string> text = here.text(node);
  if (!text) return std::nullopt;
  Parsed<V> parsed = type.parse(*text);
  if (!parsed.value) here.wrong(node, parsed.problem);
  return std::move(parsed.value);
}

// One value.
template <class T, class V>
Key<T> value(std::string name, V T::*member, ValueType<V> type, std::string default_text = {}) {
  const Leaf leaf{name, type.name, std::move(default_text)};
  const auto read = [=](const Reader& here, const Entry& entry, T& into) {
    here.places().begin_value(here.path(), entry.at);
    if (auto got = read_value(here, *entry.value, type)) into.*member = std::move(*got);
  };
  const auto visit = [=](Visitor& visitor, const T& from) {
    visitor.scalar(leaf, type.format(from.*member));
  };
  return {std::move(name), read, visit};
}

// A list of values; replaces the default whole.
enum class OneAlone : std::uint8_t { with_brackets, without_brackets };
template <class T, class V>
Key<T> list(std::string name, std::vector<V> T::*member, ValueType<V> type, OneAlone one_alone,
            std::string default_text = {}) {
  const bool bare = one_alone == OneAlone::without_brackets;
  const Leaf leaf{name, (bare ? "one or a list of: " : "list of: ") + type.name,
                  std::move(default_text)};
  const auto read = [=](const Reader& here, const Entry& entry, T& into) {
    here.places().begin_value(here.path(), entry.at);
    const Node& node = *entry.value;
    std::vector<V> values;
    const auto add = [&](const Reader& place, const Node& item) {
      place.places().begin_value(place.path(), item.at);
      if (auto got = read_value(place, item, type)) values.push_back(std::move(*got));
    };
    if (node.kind == Node::Kind::list) {
      for (std::size_t i = 0; i < node.items.size(); ++i)
        add(here.inside(std::to_string(i)), *node.items[i]);
    } else if (node.kind == Node::Kind::scalar && bare) {
      add(here.inside("0"), node);
    } else {
      return here.mistake(node.at, "takes a list", "as in `" + here.name() + ": [a, b]`");
    }
    into.*member = std::move(values);
  };
  const auto visit = [=](Visitor& visitor, const T& from) {
    std::vector<std::string> texts;
    for (const V& item : from.*member) texts.push_back(type.format(item));
    visitor.list(leaf, texts);
  };
  return {std::move(name), read, visit};
}

// A mapping from names to texts; replaces the default whole.
template <class T>
Key<T> pairs(std::string name, std::map<std::string, std::string> T::*member,
             const ValueType<std::string>& names, const ValueType<std::string>& values) {
  const Leaf leaf{name, "mapping of " + names.name + " to " + values.name, {}};
  const auto read = [=](const Reader& here, const Entry& entry, T& into) {
    here.places().begin_value(here.path(), entry.at);
    if (!here.is_mapping(*entry.value)) return;
    std::map<std::string, std::string> got;
    for (const Entry& pair : entry.value->entries) {
      const Parsed<std::string> key = names.parse(pair.key);
      if (!key.value) {
        here.mistake(pair.at, "has the name " + in_ticks(pair.key) + ", which " + key.problem.what,
                     key.problem.hint);
        continue;
      }
      const Reader inner = here.inside(*key.value);
      inner.places().begin_value(inner.path(), pair.at);
      auto text = read_value(inner, *pair.value, values);
      if (text && !got.emplace(*key.value, std::move(*text)).second)
        here.mistake(pair.at, "has " + in_ticks(*key.value) + " twice", "keep one of them");
    }
    into.*member = std::move(got);
  };
  const auto visit = [=](Visitor& visitor, const T& from) { visitor.pairs(leaf, from.*member); };
  return {std::move(name), read, visit};
}

// A mapping whose keys fill T itself.
template <class T>
Key<T> group(std::string name, Table<T> table) {
  const auto read = [=](const Reader& here, const Entry& entry, T& into) {
    here.places().begin_section(here.path(), entry.at);
    read_table(here, *entry.value, table, into);
  };
  const auto visit = [=](Visitor& visitor, const T& from) {
    visitor.begin(name);
    visit_table(visitor, table, from);
    visitor.end();
  };
  return {name, read, visit};
}

// The keys of a member, as keys of what holds it.
template <class T, class M>
Table<T> lift(M T::*member, Table<M> table) {
  Table<T> lifted;
  lifted.later = std::move(table.later);
  for (Key<M>& key : table.keys)
    lifted.keys.push_back(
        {key.name,
         [member, read = std::move(key.read)](const Reader& here, const Entry& entry, T& into) {
           read(here, entry, into.*member);
         },
         [member, visit = std::move(key.visit)](Visitor& visitor, const T& from) {
           visit(visitor, from.*member);
         }});
  return lifted;
}

// A mapping whose keys fill a member.
template <class T, class M>
Key<T> section(std::string name, M T::*member, Table<M> table) {
  return group<T>(std::move(name), lift(member, std::move(table)));
}

}  // namespace rebuf::config
