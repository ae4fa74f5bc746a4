// What README's ten minutes show: config/quickstart.yaml as it stands, on ports of the test's own,
// and with time for a broker that waits for a processor.
#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "client.h"
#include "daemon.h"
#include "tests/support/topic_reader.h"

namespace rebuf::e2e {
namespace {

struct Quickstart {
  Quickstart() {
    daemon.start();
    wait_for_state("direct");
  }
  static std::string file() {
    std::ostringstream text;
    text << std::ifstream(REBUF_QUICKSTART).rdbuf();
    return text.str();
  }
  void wait_for_state(const std::string& state) const {
    daemon.wait_until(state, [&](const Metrics& now) { return now.state("quickstart") == state; });
  }
  // What became of it.
  [[nodiscard]] std::string post(const std::string& value) const {
    return Client(daemon.port(), "/ingest/quickstart").post(value).state;
  }
  void embedded(const std::string& verb) const {
    const test::Finished done = daemon.ctl({"embedded", verb});
    REQUIRE_MESSAGE(done.code == 0, done.errors);
  }
  [[nodiscard]] std::vector<test::Stored> stored() const {
    const auto status = nlohmann::json::parse(daemon.get("/api/v1/status").value());
    return test::read_topic(status.at("sinks").at(0).at("bootstrap"), "quickstart");
  }

  const test::TemporaryDirectory scratch;
  Daemon daemon{scratch.path(), file() + "route_defaults: { spill_after: 20s }\n"};
};

TEST_CASE("the quickstart: 200, 202 while its Kafka is away, then everything in order") {
  const Quickstart quickstart;
  CHECK(quickstart.post("first") == "delivered");
  quickstart.embedded("down");
  CHECK(quickstart.post("kept") == "buffered");
  CHECK(quickstart.post("kept too") == "buffered");
  quickstart.embedded("up");
  quickstart.daemon.wait_until_drained("quickstart");
  quickstart.wait_for_state("direct");
  CHECK(quickstart.post("last") == "delivered");

  const std::vector<test::Stored> stored = quickstart.stored();
  std::string values;
  for (const test::Stored& message : stored) values += message.value + ". ";
  REQUIRE(values == "first. kept. kept too. last. ");
  CHECK_FALSE(stored[0].headers.contains("rebuf-replayed"));
  // The second may have been on its way, and acknowledged by the Kafka that was back, before the
  // sink took it back.
  CHECK(stored[2].headers.at("rebuf-replayed") == "1");
  CHECK(stored[2].headers.at("content-type") == "text/plain");
}

}  // namespace
}  // namespace rebuf::e2e
