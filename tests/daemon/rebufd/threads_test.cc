// How many threads rebufd has; docs/architecture.md lists them.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "harness.h"

namespace rebuf::daemon::rebufd_test {
namespace {

// Those of the admin server come as it is asked.
constexpr int admin_threads = 10;

struct ManyRoutes : Rebufd {
  // Not started before all routes are direct. A stall on a busy machine must not send one to its
  // log, which has a thread.
  void start_with(int routes) {
    std::string text =
        "sinks: { out: { type: file, path: " + (directory.path() / "out.ndjson").string() +
        " } }\nroute_defaults: { spill_after: 20s }\nroutes:\n";
    for (int i = 0; i < routes; ++i) text += "  " + name(i) + ": { sink: out }\n";
    configure(text);
    start();
    REQUIRE(eventually([&] {
      const auto status = admin().Get("/api/v1/status");
      if (!status) return false;
      const auto shown = nlohmann::json::parse(status->body);
      return std::ranges::all_of(shown.at("routes"),
                                 [](const auto& route) { return route.at("state") == "direct"; });
    }));
  }
  static std::string name(int i) { return "r" + std::to_string(i); }
  [[nodiscard]] int threads() const {
    std::ifstream status("/proc/" + std::to_string(program->pid()) + "/status");
    for (std::string line; std::getline(status, line);)
      if (line.starts_with("Threads:")) return std::stoi(line.substr(line.find(':') + 1));
    return 0;
  }
};

}  // namespace

TEST_CASE_FIXTURE(ManyRoutes, "a route has one thread of its own, and its idempotency keys none") {
  constexpr int few = 2;
  constexpr int many = 42;
  start_with(few);
  const int with_few = threads();
  ManyRoutes other;
  other.start_with(many);
  CHECK(other.threads() <= with_few + (many - few) + admin_threads);

  auto client = other.ingest();
  for (int i = 0; i < many; ++i) {
    const auto answer =
        client.Post("/ingest/" + name(i), {{"Idempotency-Key", "k"}}, "x", "text/plain");
    REQUIRE(answer);
    CHECK(answer->status == 200);
  }
  CHECK(other.threads() <= with_few + (many - few) + admin_threads);
}

}  // namespace rebuf::daemon::rebufd_test
