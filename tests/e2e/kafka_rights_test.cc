// Two routes into one Kafka sink, and so through one producer: the right to write to the topic of
// one is taken and given back.
#include <doctest/doctest.h>

#include <map>

#include "plant.h"

namespace rebuf::e2e {
namespace {

TEST_CASE("the right to write to one topic is taken: a route into another topic goes on") {
  constexpr int posts = 1000;
  const std::string other_topic = test::KafkaCluster::get(1).fresh_topic();
  Plant plant("  other:\n    sink: kafka\n    topic: " + other_topic +
              "\n    drain: { jitter: 0s }\n");
  plant.cluster.create(other_topic, 1);
  plant.start();
  Client other(plant.daemon.port(), "/ingest/other");
  CHECK(plant.client.post("before").status == 200);
  plant.cluster.admin().let_gateway(plant.topic.name(), test::Gateway::does_nothing);
  CHECK(plant.client.post("in between").status == 202);
  CHECK(plant.client.post_lines(numbered_lines(100)).status == 202);
  std::vector<std::string> sent;
  std::map<int, int> answers;
  for (int i = 0; i < posts; ++i) {
    sent.push_back(std::to_string(i));
    ++answers[other.post(sent.back()).status];
  }
  MESSAGE(answers[200], " delivered, ", answers[202], " buffered");
  CHECK(answers[200] + answers[202] == posts);
  plant.daemon.wait_until("other delivered", [&](const Metrics& now) {
    return now.count("rebufd_messages_delivered_total", "other") == posts;
  });
  CHECK(plant.daemon.metrics().imbalance("other").empty());
  // One producer serves both: what it gives back for the one it gives back for the other, too.
  CHECK(first_copies(plant.stored(other_topic)) == sent);
  CHECK(plant.stored() == std::vector<std::string>{"before"});
  CHECK(plant.daemon.metrics().state("plant") != "direct");

  plant.cluster.admin().let_gateway(plant.topic.name(), test::Gateway::does_all);
  plant.wait_until_done();
  std::vector<std::string> all = numbered_lines(100);
  all.insert(all.begin(), {"before", "in between"});
  CHECK(plant.stored() == all);
  CHECK(dead_letters(plant.daemon, "plant").empty());
}

}  // namespace
}  // namespace rebuf::e2e
