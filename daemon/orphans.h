// Directories of routes that the configuration no longer has, in which something still waits. They
// keep it: a route of that name takes its directory up again, with all that is in it.
// Called at the start and at a reload, by main's thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "rebuf/options.h"

namespace rebuf::daemon {

struct Orphan {
  std::string name;  // of the route that it belonged to
  std::filesystem::path dir;
  std::uint64_t messages = 0;      // that wait in the log
  std::uint64_t bytes = 0;         // of them
  std::uint64_t dead_letters = 0;  // that stand
  std::string problem;             // it cannot be read, and why; empty: all is known
};

// "orphaned: 12 messages …", for the log and for people.
[[nodiscard]] std::string describe(const Orphan& orphan);

// By name. Only directories that a route made (they have an `identity` and a `log/`) and that none
// of `routes` has; each is opened for a moment, as a route would open it. Those in which nothing
// waits are none. `meanwhile` is called between them.
[[nodiscard]] std::vector<Orphan> find_orphans(
    const std::filesystem::path& data_dir, const std::set<std::string>& routes,
    const std::function<void(LogLevel, std::string_view)>& logger,
    const std::function<void()>& meanwhile);

}  // namespace rebuf::daemon
