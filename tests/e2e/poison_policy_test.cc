// What becomes of a message that the sink refuses for what it is: the route's `on_error`, class by
// class, out of the log and straight.
#include <doctest/doctest.h>

#include <algorithm>

#include "plant.h"

namespace rebuf::e2e {
namespace {

using test::Gateway;

constexpr std::size_t offender = 20;  // the place of it among the lines
constexpr std::size_t lines_posted = 50;

std::int64_t dropped(const Metrics& now) {
  return now.count("rebufd_messages_dropped_total", "plant", {{"reason", "policy"}});
}

// In an outage, so that all of it is answered 202.
void post_in_outage(Plant& plant, const std::vector<std::string>& lines) {
  plant.lose_network();
  CHECK(plant.client.post_lines(lines).state == "buffered");
}

TEST_CASE("too_large: drop: out of the log it is dropped and counted, without a dead letter") {
  Plant plant("    on_error: { too_large: drop }\n");
  plant.limit_messages();
  plant.start();
  std::vector<std::string> lines = numbered_lines(lines_posted);
  make_too_large(lines[offender]);
  post_in_outage(plant, lines);
  plant.network.be(Weather::fair);
  const Metrics end = plant.wait_until_done();
  CHECK(dropped(end) == 1);
  CHECK(plant.stored() == without(lines, {offender}));
  CHECK(dead_letters(plant.daemon, "plant").empty());
}

TEST_CASE("too_large: retry: it waits until the limit is raised, and nothing is given up") {
  Plant plant("    on_error: { too_large: retry }\n");
  plant.limit_messages();
  plant.start();
  std::vector<std::string> lines = numbered_lines(lines_posted);
  make_too_large(lines[offender]);
  post_in_outage(plant, lines);
  plant.network.be(Weather::fair);
  plant.wait_until_stored(offender);  // those before it go on
  plant.wait_for_state("buffering");
  CHECK(plant.client.post("later").taken());
  plant.unlimit_messages();
  const Metrics end = plant.wait_until_done();
  lines.emplace_back("later");
  // Copies, of what was under way at the recall and not answered in time, are none of its matter.
  std::vector<std::string> stored = first_copies(plant.stored());
  std::ranges::sort(stored);
  std::ranges::sort(lines);
  CHECK(stored == lines);
  CHECK(dropped(end) == 0);
  CHECK(dead_letters(plant.daemon, "plant").empty());
}

// Messages for a topic that the request chose, between others for the route's own.
struct Chosen {
  explicit Chosen(const std::string& route_lines)
      : plant("    topics: [\"" + name + "\"]\n" + route_lines) {}

  Reply post_own(const std::string& value) { return plant.client.post(value); }
  Reply post_chosen(const std::string& value) {
    return plant.client.post(value, {{"Rebuf-Topic", name}});
  }
  void post_in_outage() {
    plant.lose_network();
    CHECK(post_own("before").state == "buffered");
    CHECK(post_chosen("chosen").state == "buffered");
    CHECK(post_own("behind").state == "buffered");
    plant.network.be(Weather::fair);
  }
  void own_arrived() const {
    CHECK(plant.stored() == std::vector<std::string>{"before", "behind"});
  }
  void chosen_is_dead(const std::string& reason) const {
    const std::vector<DeadLetter> letters = dead_letters(plant.daemon, "plant");
    REQUIRE(letters.size() == 1);
    CHECK(letters[0].reason == reason);
    CHECK(letters[0].value == "chosen");
  }

  const std::string name = test::KafkaCluster::get(1).fresh_topic();
  Plant plant;
};

TEST_CASE("a chosen topic that does not exist: 422 straight, a dead letter out of the log") {
  Chosen run("");
  run.plant.start();
  const Reply reply = run.post_chosen("straight");
  CHECK(reply.status == 422);
  CHECK(reply.state == "unknown_topic");
  run.post_in_outage();
  run.plant.wait_until_done();
  run.own_arrived();
  run.chosen_is_dead("unknown_topic");
}

TEST_CASE("unknown_topic: drop: what is for a chosen topic that is missing is dropped, counted") {
  Chosen run("    on_error: { unknown_topic: drop }\n");
  run.plant.start();
  run.post_in_outage();
  CHECK(dropped(run.plant.wait_until_done()) == 1);
  run.own_arrived();
  CHECK(dead_letters(run.plant.daemon, "plant").empty());
}

TEST_CASE(
    "unknown_topic: retry: what is for a chosen topic that is missing waits until it exists") {
  Chosen run("    on_error: { unknown_topic: retry }\n");
  run.plant.start();
  run.post_in_outage();
  run.plant.wait_until_stored(1);
  run.plant.wait_for_state("buffering");
  run.plant.cluster.create(run.name, 1);
  CHECK(dropped(run.plant.wait_until_done()) == 0);
  run.own_arrived();
  CHECK(run.plant.stored(run.name) == std::vector<std::string>{"chosen"});
  CHECK(dead_letters(run.plant.daemon, "plant").empty());
}

TEST_CASE("a chosen topic without the right to write: it waits for the right, and all arrives") {
  Chosen run("");
  run.plant.cluster.create(run.name, 1);
  run.plant.cluster.admin().let_gateway(run.name, Gateway::does_nothing);
  run.plant.start();
  run.post_in_outage();
  run.plant.wait_until_stored(1);
  run.plant.wait_for_state("buffering");
  run.plant.cluster.admin().let_gateway(run.name, Gateway::does_all);
  run.plant.wait_until_done();
  run.own_arrived();
  CHECK(run.plant.stored(run.name) == std::vector<std::string>{"chosen"});
  CHECK(dead_letters(run.plant.daemon, "plant").empty());
}

TEST_CASE("auth: dead_letter: what may not be written to a chosen topic holds up nothing") {
  Chosen run("    on_error: { auth: dead_letter }\n");
  run.plant.cluster.create(run.name, 1);
  run.plant.cluster.admin().let_gateway(run.name, Gateway::does_nothing);
  run.plant.start();
  const Reply reply = run.post_chosen("straight");
  CHECK(reply.status == 422);
  CHECK(reply.state == "auth");
  run.post_in_outage();
  run.plant.wait_until_done();
  run.own_arrived();
  run.chosen_is_dead("auth");
}

}  // namespace
}  // namespace rebuf::e2e
