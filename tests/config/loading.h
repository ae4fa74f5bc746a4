// Loads text with an environment that the test gives.
#pragma once

#include <doctest/doctest.h>

#include <map>
#include <string>

#include "config/load.h"

namespace rebuf::config::test {

using Variables = std::map<std::string, std::string>;

inline Environment environment(Variables variables = {}, bool root = true) {
  return {
      [variables = std::move(variables)](const std::string& name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        if (found == variables.end()) return std::nullopt;
        return found->second;
      },
      root};
}

inline std::string all_of(const std::vector<Mistake>& mistakes) {
  std::string text;
  for (const Mistake& mistake : mistakes) text += mistake.message() + "\n";
  return text;
}

// The configuration, which must be without mistakes.
inline Config good(const std::string& text, const Variables& variables = {}) {
  Loaded loaded = load_text(text, "test.yaml", environment(variables));
  REQUIRE_MESSAGE(loaded.config, all_of(loaded.mistakes), text);
  return std::move(*loaded.config);
}

inline const std::string sink = "sinks: { main: { type: kafka, brokers: [\"k:9092\"] } }\n";
inline const std::string minimal = sink + "routes: { t: { sink: main } }\n";

}  // namespace rebuf::config::test
