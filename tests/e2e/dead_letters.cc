#include "dead_letters.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/support/program.h"

namespace rebuf::e2e {

std::vector<DeadLetter> dead_letters(const Daemon& daemon, const std::string& route) {
  const std::filesystem::path log = daemon.data_dir() / route / "dead" / "log";
  if (!std::filesystem::exists(log)) return {};
  const test::Finished done = test::run({REBUF_REBUFCTL, "wal", "export", log});
  REQUIRE_MESSAGE(done.code == 0, done.errors);
  std::vector<DeadLetter> all;
  std::istringstream lines(done.output);
  for (std::string line; std::getline(lines, line);) {
    const auto entry = nlohmann::json::parse(line);
    all.push_back({.id = Id::parse(entry.at("id").get<std::string>()).value_or(Id{}),
                   .reason = entry.at("reason"),
                   .value = entry.at("value")});
  }
  return all;
}

}  // namespace rebuf::e2e
