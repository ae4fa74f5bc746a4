// The example that removes duplicates, after rebufd was killed while it drained into a real topic.
#include <doctest/doctest.h>

#include <filesystem>
#include <set>

#include "../daemon.h"
#include "../topic.h"
#include "dedup.h"
#include "keyed_client.h"
#include "tests/support/temporary_directory.h"

namespace rebuf::e2e {
namespace {

TEST_CASE("kcat piped into dedup.py gives each message once, although rebufd was killed") {
  constexpr std::size_t posts = 100;
  auto& cluster = test::KafkaCluster::get(1);
  const test::TemporaryDirectory directory;
  const Topic topic(cluster, 3);
  // `ack: buffered`: every message comes out of the log, so a crash repeats what the cursor lags.
  Daemon daemon(directory.path(), kafka_sink(cluster) + "routes:\n  orders:\n    sink: kafka\n" +
                                      "    topic: " + topic.name() + "\n    ack: buffered\n" +
                                      "    drain: { jitter: 0s }\n");
  daemon.start();
  const std::filesystem::path obstacle = daemon.obstruct_cursor("orders");
  // Half of them have a message key, the others only an idempotency key.
  KeyedClient keyed(daemon.port(), "/ingest/orders");
  std::set<std::string> posted;
  for (std::size_t i = 0; i < posts; ++i) {
    const std::string value = std::to_string(i);
    const int status = i % 2 == 0 ? keyed.post_with_message_key("k" + std::to_string(i % 7), value)
                                  : keyed.post(value, value).status;
    REQUIRE(status == 202);
    posted.insert(value);
  }
  daemon.wait_until("delivered", [&](const Metrics& now) {
    return now.count("rebufd_backlog_messages", "orders") == 0;
  });
  daemon.kill();
  std::filesystem::remove(obstacle);
  daemon.start();  // sends again what the cursor did not cover
  daemon.wait_until_drained("orders");
  CHECK(daemon.stop() == 0);
  const Deduplicated result =
      dedup("kcat -C -q -b " + cluster.bootstrap() + " -t " + topic.name() + " -o beginning -e -J");
  const std::size_t arrived = topic.arrivals().size();  // writes marks: kcat must not see them
  CHECK(arrived == 2 * posts);
  CHECK(result.values.size() == posted.size());
  CHECK(std::set(result.values.begin(), result.values.end()) == posted);
  CHECK(result.summary == std::to_string(arrived) + " messages, " +
                              std::to_string(arrived - posted.size()) + " duplicates\n");
  MESSAGE(result.summary);
}

}  // namespace
}  // namespace rebuf::e2e
