// What an operator, or bad luck, does to a Kafka of one broker while devices post. Each fault with
// what is guaranteed; docs/faults.md lists them.
#include <doctest/doctest.h>

#include <algorithm>
#include <future>

#include "audit.h"
#include "dead_letters.h"
#include "kafka_route.h"
#include "plant.h"

namespace rebuf::e2e {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

bool all_acknowledged(const std::vector<Sending>& sendings) {
  return std::all_of(sendings.begin(), sendings.end(),
                     [](const Sending& sending) { return sending.acknowledged(); });
}

TEST_CASE("a topic that is deleted and made again gets everything that was sent since") {
  KafkaRoute run(1);
  run.start();
  Audit audit(run.daemon, "weather");
  run.cluster.remove(run.topic.name());
  const auto removed = Clock::now();
  run.wait_until_buffering();
  run.cluster.create(run.topic.name(), 3);
  run.wait_until_direct();
  // What the producer held when its topic went was given back, and some of it may have arrived.
  CHECK(run.finish({.duplicates = KafkaRoute::window, .topic_removed = removed}).replayed > 0);
  CHECK(audit.finish().empty());
  CHECK(all_acknowledged(run.fleet.finish()));
}

TEST_CASE("the right to write is taken and given back: nothing is dropped, all of it arrives") {
  KafkaRoute run(1);
  run.start();
  Audit audit(run.daemon, "weather");
  run.cluster.admin().let_gateway(run.topic.name(), test::Gateway::does_nothing);
  run.wait_until_buffering();
  run.cluster.admin().let_gateway(run.topic.name(), test::Gateway::does_all);
  run.wait_until_direct();
  (void)run.finish({.duplicates = KafkaRoute::window});
  CHECK(audit.finish().empty());
  CHECK(dead_letters(run.daemon, "weather").empty());
  CHECK(all_acknowledged(run.fleet.finish()));
}

TEST_CASE(
    "a password that the broker no longer takes: kept until it does, then all of it arrives") {
  KafkaRoute run(1);
  run.start();
  run.cluster.set_gateway_password("another");
  run.cluster.run("kill");
  run.cluster.run("start");
  run.cluster.wait();
  run.wait_until_buffering();
  run.cluster.set_gateway_password("secret");
  run.cluster.run("kill");
  run.cluster.run("start");
  run.wait_until_direct();
  CHECK(run.finish().replayed > 0);
  CHECK(dead_letters(run.daemon, "weather").empty());
  CHECK(all_acknowledged(run.fleet.finish()));
}

// "before" and then `lines`, what of that is in the topic after this: the broker takes the first
// line, starts twice before it can answer, and then gets it again.
std::vector<std::string> stored_by_broker_that_starts_twice(const std::vector<std::string>& lines,
                                                            const Client::Headers& headers) {
  Plant plant;
  plant.start();
  const auto post = [&](const std::vector<std::string>& some) {
    return Client(plant.daemon.port(), "/ingest/plant").post_lines(some, headers);
  };
  const auto accepted = [&](std::int64_t messages) {
    plant.daemon.wait_until("accepted", [&](const Metrics& now) {
      return now.count("rebufd_messages_accepted_total", "plant") == messages;
    });
  };
  const std::vector<std::string> first(lines.begin(), lines.begin() + 1);
  const std::vector<std::string> second(lines.begin() + 1, lines.begin() + 200);
  const std::vector<std::string> later(lines.begin() + 200, lines.end());
  CHECK(post({"before"}).state == "delivered");
  plant.network.be(Weather::answers_lost);
  std::future<Reply> first_reply = std::async(std::launch::async, post, first);
  accepted(2);
  // Unless the machine is so slow that the sink gives up waiting for an answer.
  plant.daemon.wait_until("the request in the topic", [&](const Metrics& now) {
    return plant.stored().size() == 2 || now.sum("rebufd_sink_up", {}) == 0;
  });
  std::future<Reply> second_reply = std::async(std::launch::async, post, second);
  accepted(201);
  plant.lose_network();
  for (std::future<Reply>* reply : {&first_reply, &second_reply})
    CHECK(reply->get().state == "buffered");
  CHECK(post(later).state == "buffered");
  for (int start = 0; start < 2; ++start) {
    plant.cluster.run("kill");
    plant.cluster.run("start");
    plant.cluster.wait();
  }
  plant.network.be(Weather::fair);
  plant.wait_until_done();
  return plant.stored();
}

TEST_CASE("a broker starts twice before it answers: what it took is not sent twice") {
  std::vector<std::string> lines = numbered_lines(300);
  const std::vector<std::string> stored = stored_by_broker_that_starts_twice(lines, {});
  lines.insert(lines.begin(), "before");
  CHECK(stored == lines);
}

// Kafka forgets a producer whose last message is a day old by its own time.
TEST_CASE(
    "a broker starts twice before it answers, messages are a day old: what it took, perhaps "
    "twice") {
  std::vector<std::string> lines = numbered_lines(300);
  std::vector<std::string> stored =
      stored_by_broker_that_starts_twice(lines, {{"Rebuf-Timestamp", "1700000000000"}});
  lines.insert(lines.begin(), "before");
  const auto first_line = std::find(stored.begin(), stored.end(), lines[1]);
  REQUIRE(first_line != stored.end());
  if (const auto copy = std::find(first_line + 1, stored.end(), lines[1]); copy != stored.end())
    stored.erase(copy);
  CHECK(stored == lines);
}

TEST_CASE("a broker whose disk is full dies of it, what it did not take arrives when it is back") {
  KafkaRoute run(1);
  run.start();
  run.cluster.run("full");
  run.wait_until_buffering();
  run.cluster.run("kill");
  run.cluster.run("start");
  run.wait_until_direct();
  CHECK(run.finish().replayed > 0);
  CHECK(all_acknowledged(run.fleet.finish()));
}

TEST_CASE("a producer over its quota is slow, and nothing is lost, repeated or out of order") {
  KafkaRoute run(1);
  run.cluster.limit(run.topic.name(), 60'000);
  run.start();
  run.fleet.wait_for_rows(2000);
  run.cluster.limit(run.topic.name(), std::nullopt);
  run.wait_until_direct();
  (void)run.finish();
  CHECK(all_acknowledged(run.fleet.finish()));
}

TEST_CASE("the host's clock is a day ahead: kept until it is right, then all of it arrives") {
  KafkaRoute run(1);
  run.start();
  Audit audit(run.daemon, "weather");
  run.saboteur.shift_clock(std::chrono::hours(24));
  run.wait_until_buffering();
  run.saboteur.shift_clock(seconds(0));
  run.wait_until_direct();
  CHECK(run.finish().replayed > 0);
  CHECK(audit.finish().empty());
  CHECK(dead_letters(run.daemon, "weather").empty());
  CHECK(all_acknowledged(run.fleet.finish()));
}

TEST_CASE("a lowered size limit: what is too large now is refused or set aside, the rest arrives") {
  KafkaRoute run(1);
  const std::string padding(8000, '.');
  run.start(6, padding);
  Audit audit(run.daemon, "weather");
  run.network.be(Weather::black_hole);
  run.wait_until_buffering();
  run.fleet.wait_for_rows(3000);
  run.cluster.admin().configure(run.topic.name(), {{"max.message.bytes", "4000"}});
  run.network.be(Weather::fair);
  run.wait_until_direct();
  run.fleet.wait_for_rows(3000);
  const std::vector<Sending>& sendings = run.fleet.finish();
  run.daemon.wait_until_drained("weather");
  Explained explained;
  for (const DeadLetter& letter : dead_letters(run.daemon, "weather")) {
    CHECK(letter.reason == "too_large");
    CHECK(letter.value.ends_with(padding));
    explained.dead_letters.insert(letter.id);
  }
  CHECK(!explained.dead_letters.empty());
  CHECK(audit.finish().empty());
  std::size_t refused = 0;
  for (const Sending& sending : sendings) {
    if (sending.acknowledged()) continue;
    ++refused;
    CHECK(sending.status == 422);
    CHECK(sending.code == "too_large");
    CHECK(sending.rows.front().ends_with(padding));
  }
  CHECK(refused > 0);
  (void)run.finish(explained);
}

}  // namespace
}  // namespace rebuf::e2e
