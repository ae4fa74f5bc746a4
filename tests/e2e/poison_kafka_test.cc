// A message that Kafka does not take for its size, among others that it takes: the sink knows the
// topic's limit, or, where the right to ask for it is missing, only the broker does, and refuses
// the whole batch.
#include <doctest/doctest.h>

#include <future>

#include "plant.h"

namespace rebuf::e2e {
namespace {

using test::Gateway;

std::int64_t dead_lettered(const Metrics& now) {
  return now.count("rebufd_messages_dead_lettered_total", "plant", {{"reason", "too_large"}});
}

// One dead letter each, in order, and nothing else was given up.
void gave_up(const Plant& plant, const std::vector<std::string>& values) {
  const std::vector<DeadLetter> letters = dead_letters(plant.daemon, "plant");
  REQUIRE(letters.size() == values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    CHECK(letters[i].reason == "too_large");
    CHECK(letters[i].value == values[i]);
  }
  const Metrics now = plant.daemon.metrics();
  CHECK(dead_lettered(now) == static_cast<std::int64_t>(values.size()));
  CHECK(now.count("rebufd_messages_dropped_total", "plant") == 0);
}

TEST_CASE("a message too large for its topic is refused with 422, those beside it are delivered") {
  constexpr std::size_t posts = 30;
  constexpr std::size_t poisoned_post = 11;
  Plant plant;
  plant.limit_messages();
  plant.start();
  const auto post_all = [&](const std::string& name, bool poisons) {
    Client client(plant.daemon.port(), "/ingest/plant");
    std::vector<Reply> replies;
    for (std::size_t i = 0; i < posts; ++i) {
      std::string value = name + std::to_string(i);
      if (poisons && i == poisoned_post) make_too_large(value);
      replies.push_back(client.post(value));
    }
    return replies;
  };
  std::vector<std::future<std::vector<Reply>>> clients;
  for (const std::string name : {"a", "b", "c", "d"})
    clients.push_back(std::async(std::launch::async, post_all, name, name == "c"));
  for (std::size_t which = 0; which < clients.size(); ++which) {
    const std::vector<Reply> replies = clients[which].get();
    for (std::size_t i = 0; i < posts; ++i) {
      const bool poisoned = which == 2 && i == poisoned_post;
      CHECK(replies[i].status == (poisoned ? 422 : 200));
      if (poisoned) CHECK(replies[i].state == "too_large");
    }
  }
  plant.wait_until_done();
  CHECK(plant.stored().size() == clients.size() * posts - 1);
  gave_up(plant, {});
}

TEST_CASE("a line too large for its topic is set aside, the others of its request are delivered") {
  Plant plant;
  plant.limit_messages();
  plant.start();
  std::vector<std::string> lines = numbered_lines(100);
  make_too_large(lines[40]);
  const Reply reply = plant.client.post_lines(lines);
  CHECK(reply.status == 200);
  CHECK(reply.state == "partial");
  CHECK(reply.delivered == 99);
  CHECK(reply.refused == std::map<std::size_t, std::string>{{40, "too_large"}});
  plant.wait_until_done();
  CHECK(plant.stored() == without(lines, {40}));
  gave_up(plant, {lines[40]});
}

TEST_CASE("a batch that Kafka refuses as too large is split until only the offender is left") {
  Plant plant;
  plant.limit_messages();
  plant.cluster.admin().let_gateway(plant.topic.name(), Gateway::only_writes);
  plant.start();
  std::vector<std::string> lines = numbered_lines(100);
  make_too_large(lines[40]);
  // What the broker refused went into the log meanwhile, so all of it may be answered as buffered.
  CHECK(plant.client.post_lines(lines).taken());
  plant.wait_until_done();
  CHECK(plant.stored() == without(lines, {40}));
  gave_up(plant, {lines[40]});
  CHECK(plant.client.post("last").status == 200);
}

// What was answered 202 in an outage, with two messages in it that are too large.
void drain_poisoned_log(Plant& plant) {
  plant.limit_messages();
  plant.start();
  plant.lose_network();
  std::vector<std::string> lines = numbered_lines(300);
  make_too_large(lines[100]);
  make_too_large(lines[223]);
  CHECK(plant.client.post_lines(lines).state == "buffered");
  plant.network.be(Weather::fair);
  const Metrics end = plant.wait_until_done();
  CHECK(end.count("rebufd_messages_delivered_total", "plant", {{"path", "replay"}}) == 298);
  CHECK(plant.stored() == without(lines, {100, 223}));
  gave_up(plant, {lines[100], lines[223]});
}

TEST_CASE("out of the log, what is too large for its topic is set aside, the rest is in order") {
  Plant plant;
  drain_poisoned_log(plant);
}

TEST_CASE("out of the log, a batch that Kafka refuses as too large is split to the offender") {
  Plant plant;
  plant.cluster.admin().let_gateway(plant.topic.name(), Gateway::only_writes);
  drain_poisoned_log(plant);
}

TEST_CASE("dlq replay puts back what was too large once the limit is raised, and deletes it") {
  Plant plant;
  drain_poisoned_log(plant);
  const std::vector<DeadLetter> letters = dead_letters(plant.daemon, "plant");
  const test::Finished list = plant.daemon.ctl({"dlq", "list", "plant"});
  CHECK(list.code == 0);
  for (const DeadLetter& letter : letters)
    CHECK_MESSAGE(list.output.find(letter.id.text()) != std::string::npos, list.output);
  const test::Finished exported = plant.daemon.ctl({"dlq", "export", "plant"});
  CHECK(exported.code == 0);
  for (const DeadLetter& letter : letters)
    CHECK(exported.output.find(letter.value) != std::string::npos);

  plant.unlimit_messages();
  // The sink believes an answer about the limit for five seconds.
  const auto deadline = Clock::now() + std::chrono::seconds(100);
  while (plant.client.post(letters[0].value).status != 200) REQUIRE(Clock::now() < deadline);
  const test::Finished replayed = plant.daemon.ctl({"dlq", "replay", "plant"});
  CHECK_MESSAGE(replayed.code == 0, replayed.errors);
  CHECK(replayed.output == "plant: 2 dead letters put back\n");
  const Metrics end = plant.wait_until_done();
  const std::vector<Arrival> arrivals = plant.topic.arrivals();
  REQUIRE(arrivals.size() == 301);
  for (std::size_t i = 0; i < letters.size(); ++i) {
    CHECK(arrivals[299 + i].id == letters[i].id);
    CHECK(arrivals[299 + i].value == letters[i].value);
  }
  CHECK(end.count("rebufd_dead_letter_messages", "plant") == 0);
  CHECK(end.count("rebufd_messages_recovered_total", "plant", {{"from", "dead_letters"}}) == 2);
  CHECK(dead_letters(plant.daemon, "plant").empty());  // the file is purged
}

}  // namespace
}  // namespace rebuf::e2e
