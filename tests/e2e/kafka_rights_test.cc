// Two routes into one Kafka sink, each with a producer of its own: what happens to the topic of one
// is nothing to the other.
#include <doctest/doctest.h>

#include "plant.h"

namespace rebuf::e2e {
namespace {

// Nothing but what the test does makes a route fail, as Plant's own.
std::string other_route(const std::string& topic) {
  return "  other:\n    sink: kafka\n    topic: " + topic +
         "\n    spill_after: 20s\n    drain: { jitter: 0s }\n";
}

struct TwoRoutes {
  TwoRoutes() : plant(other_route(other_topic)), other(plant.daemon.port(), "/ingest/other") {
    plant.cluster.create(other_topic, 1);
    plant.start();
    plant.daemon.wait_until("other direct",
                            [](const Metrics& now) { return now.state("other") == "direct"; });
    CHECK(plant.client.post("before").status == 200);
    post_to_other("before");
  }

  void post_to_other(const std::string& value) {
    sent.push_back(value);
    CHECK(other.post(value).status == 200);
  }
  // `plant` buffers, whose topic is in trouble; it tries again every second or so meanwhile.
  void trouble() {
    while (plant.client.post("in between").status == 200) {
      // The broker does not know yet.
    }
    CHECK(plant.client.post_lines(numbered_lines(100)).status == 202);
    for (int i = 0; i < 1000; ++i) post_to_other(std::to_string(i));
    const Metrics now = plant.daemon.metrics();
    CHECK(now.imbalance("other").empty());
    CHECK(now.state("other") == "direct");
    CHECK(now.state("plant") != "direct");
    CHECK(plant.stored(other_topic) == sent);
  }
  void end() {
    plant.wait_until_done();
    post_to_other("after");
    CHECK(plant.stored(other_topic) == sent);
    CHECK(dead_letters(plant.daemon, "plant").empty());
  }

  const std::string other_topic = test::KafkaCluster::get(1).fresh_topic();
  Plant plant;
  Client other;
  std::vector<std::string> sent;  // to `other`
};

TEST_CASE("the right to write to one topic is taken: a route into another topic notices nothing") {
  TwoRoutes run;
  run.plant.cluster.admin().let_gateway(run.plant.topic.name(), test::Gateway::does_nothing);
  run.trouble();
  run.plant.cluster.admin().let_gateway(run.plant.topic.name(), test::Gateway::does_all);
  run.end();
  std::vector<std::string> all = numbered_lines(100);
  all.insert(all.begin(), {"before", "in between"});
  CHECK(first_copies(run.plant.stored()) == all);
}

TEST_CASE("one topic is deleted and made again: a route into another topic notices nothing") {
  TwoRoutes run;
  run.plant.cluster.admin().remove(run.plant.topic.name());
  run.trouble();
  run.plant.cluster.create(run.plant.topic.name(), 1);
  run.end();
  std::vector<std::string> all = numbered_lines(100);
  all.insert(all.begin(), "in between");
  CHECK(first_copies(run.plant.stored()) == all);
}

}  // namespace
}  // namespace rebuf::e2e
