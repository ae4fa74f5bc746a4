// YAML text -> Config. Every mistake is reported, not only the first, each with its place and what
// would be right.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/places.h"

namespace rebuf::config {

struct Mistake {
  Location at;
  std::string what;                           // "unknown key `spil_after` in route `telemetry`"
  std::string hint;                           // "did you mean `spill_after`?"
  [[nodiscard]] std::string message() const;  // FILE:LINE:COL: what; hint
};

// Where `${NAME}` and default directories come from; tests replace it.
struct Environment {
  std::function<std::optional<std::string>(const std::string& name)> variable;
  bool root = false;
  static Environment process();
};

struct Loaded {
  std::optional<Config> config;   // set exactly when there is no mistake
  std::vector<Mistake> mistakes;  // in file order
  std::vector<Mistake> warnings;  // the configuration is usable; a person should know
  Places places{""};              // of what was read
};

// Reads the file and what it names (${file:…}, TLS files). Writes nothing, opens no socket.
[[nodiscard]] Loaded load(const std::string& path,
                          const Environment& environment = Environment::process());
// The same for text; `name` is what messages call it.
[[nodiscard]] Loaded load_text(const std::string& text, const std::string& name,
                               const Environment& environment = Environment::process());

// The whole effective configuration as YAML, defaults filled in, secrets masked; loads again to the
// same value but for the masks.
[[nodiscard]] std::string print(const Config& config);

}  // namespace rebuf::config
