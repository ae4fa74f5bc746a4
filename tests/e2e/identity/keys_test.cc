// Idempotency keys on the real program, with a SIGKILL between a request and its repeat, and at any
// moment.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <set>
#include <thread>

#include "../daemon.h"
#include "../endpoint.h"
#include "keyed_client.h"
#include "tests/support/temporary_directory.h"

namespace rebuf::e2e {
namespace {

// An endpoint that is away refuses connections, which is seen at once; one that only has no
// processor is waited for.
struct Run {
  void wait_for_state(const std::string& state) const {
    daemon.wait_until(state, [&](const Metrics& now) { return now.state("orders") == state; });
  }
  [[nodiscard]] std::int64_t count(const std::string& name) const {
    return daemon.metrics().count(name, "orders");
  }
  void start_again() {
    daemon.kill();
    daemon.start();
  }

  const test::TemporaryDirectory directory;
  Endpoint endpoint;
  Daemon daemon{directory.path(),
                "sinks:\n  hook:\n    type: http\n    url: http://127.0.0.1:" +
                    std::to_string(endpoint.port()) +
                    "/in\n    retry: { min: 50ms, max: 200ms }\n    batch: { format: single }\n"
                    "routes:\n  orders:\n    sink: hook\n    drain: { jitter: 0s }\n"
                    "    spill_after: 20s\n"};
};

std::vector<KeyedPost> post_all(KeyedClient& client, const std::string& name, std::size_t posts) {
  std::vector<KeyedPost> all;
  for (std::size_t i = 0; i < posts; ++i) {
    const std::string value = name + "." + std::to_string(i);
    all.push_back(client.post_until_taken("key-of-" + value, value));
  }
  return all;
}

// Each is told what it was told, and none is forwarded.
void check_repeats(Run& run, const std::vector<KeyedPost>& posts) {
  const std::int64_t accepted = run.count("rebufd_messages_accepted_total");
  const std::int64_t suppressed = run.count("rebufd_duplicates_suppressed_total");
  KeyedClient client(run.daemon.port(), "/ingest/orders");
  for (const KeyedPost& post : posts) {
    CAPTURE(post.value);
    const Told again = client.post(post.key, post.value);
    CHECK(again.status == post.told.status);
    CHECK(again.body == post.told.body);
    CHECK(again.repeated);
  }
  CHECK(client.post(posts.front().key, "another body").status == 422);
  CHECK(run.count("rebufd_messages_accepted_total") == accepted);
  CHECK(run.count("rebufd_duplicates_suppressed_total") ==
        suppressed + static_cast<std::int64_t>(posts.size()));
}

TEST_CASE("over SIGKILLs a repeat is told what the first was told, delivered or buffered") {
  Run run;
  run.endpoint.open();
  run.daemon.start();
  run.wait_for_state("direct");
  KeyedClient client(run.daemon.port(), "/ingest/orders");
  std::vector<KeyedPost> posts = post_all(client, "delivered", 50);
  run.endpoint.close();
  for (KeyedPost& post : post_all(client, "buffered", 50)) posts.push_back(std::move(post));
  CHECK(posts.front().told.status == 200);
  CHECK(posts.back().told.status == 202);
  for (int kills = 0; kills < 2; ++kills) {
    run.start_again();
    check_repeats(run, posts);
  }
  CHECK(run.daemon.stop() == 0);
  run.daemon.start();
  check_repeats(run, posts);

  run.endpoint.open();
  const Metrics end = run.daemon.wait_until_drained("orders");
  CHECK_MESSAGE(end.imbalance("orders").empty(), end.imbalance("orders"));
  std::multiset<std::string> arrived;
  for (const Arrival& arrival : run.endpoint.arrivals()) arrived.insert(arrival.value);
  for (const KeyedPost& post : posts) CHECK_MESSAGE(arrived.count(post.value) == 1, post.value);
}

// What arrived of one value: how often, and under which ids.
struct Arrived {
  std::size_t copies = 0;
  std::set<Id> ids;
};

TEST_CASE(
    "clients that repeat until they are answered, rebufd killed under them: each once, or told") {
  constexpr std::size_t clients = 20;  // more than one connection thread takes
  constexpr std::size_t posts_each = 45;
  Run run;
  run.endpoint.open();
  run.daemon.start();
  run.wait_for_state("direct");
  std::atomic<std::size_t> taken{0};
  std::vector<std::vector<KeyedPost>> posted(clients);
  std::vector<std::thread> threads;
  for (std::size_t c = 0; c < clients; ++c)
    threads.emplace_back([&, c] {
      KeyedClient client(run.daemon.port(), "/ingest/orders");
      for (std::size_t i = 0; i < posts_each; ++i) {
        const std::string value = std::to_string(c) + "." + std::to_string(i);
        posted[c].push_back(client.post_until_taken("key-of-" + value, value));
        ++taken;
        taken.notify_one();
      }
    });
  // Killed direct, buffering, and draining.
  for (std::size_t kill = 1; kill <= 5; ++kill) {
    // Each post ends, taken or not, within two minutes.
    for (std::size_t seen = taken; seen < kill * 120; seen = taken) taken.wait(seen);
    if (kill % 2 == 0)
      run.endpoint.close();
    else if (kill > 1)
      run.endpoint.open();
    run.start_again();
  }
  for (std::thread& thread : threads) thread.join();
  const Metrics end = run.daemon.wait_until_drained("orders");
  CHECK_MESSAGE(end.imbalance("orders").empty(), end.imbalance("orders"));

  std::map<std::string, Arrived> arrived;
  std::map<Id, std::string> value_of;
  for (const Arrival& arrival : run.endpoint.arrivals()) {
    Arrived& seen = arrived[arrival.value];
    ++seen.copies;
    seen.ids.insert(arrival.id);
    const auto [place, is_new] = value_of.emplace(arrival.id, arrival.value);
    CHECK_MESSAGE(place->second == arrival.value, "one id, two messages: ", arrival.id.text());
  }
  std::vector<KeyedPost> all;
  std::size_t uncertain = 0;
  std::size_t twice = 0;
  for (const auto& of_client : posted)
    for (const KeyedPost& post : of_client) {
      CAPTURE(post.value);
      const Arrived& seen = arrived[post.value];
      REQUIRE((post.told.status == 200 || post.told.status == 202));
      REQUIRE(seen.copies > 0);
      // Only what nobody could know was taken twice.
      CHECK((seen.ids.size() == 1 || post.uncertain));
      const bool told_one = std::any_of(seen.ids.begin(), seen.ids.end(), [&](const Id& id) {
        return post.told.body.find(id.text()) != std::string::npos;
      });
      CHECK(told_one);
      uncertain += post.uncertain ? 1 : 0;
      twice += seen.ids.size() > 1 ? 1 : 0;
      all.push_back(post);
    }
  check_repeats(run, all);
  MESSAGE(all.size(), " requests, ", uncertain, " sent again without an answer, ", twice,
          " of them taken twice");
}

}  // namespace
}  // namespace rebuf::e2e
