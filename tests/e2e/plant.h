// A run with one route, `plant`, into the only partition of a topic of its own on a real broker,
// where a test posts by hand and knows what must arrive. Nothing but what the test does makes the
// route fail: spill_after is longer than a busy machine is slow. One thread.
#pragma once

#include <string>
#include <vector>

#include "client.h"
#include "daemon.h"
#include "dead_letters.h"
#include "network.h"
#include "topic.h"

namespace rebuf::e2e {

class Plant {
 public:
  // `route_lines`: further lines of the route, each with four spaces before it and a newline.
  explicit Plant(const std::string& route_lines = {});

  // Returns when the route is direct.
  void start();
  // The connections to the broker break and none can be made, until the network is fair again; the
  // route buffers.
  void lose_network();
  // Values in the topic, in order.
  [[nodiscard]] std::vector<std::string> stored() const { return stored(topic.name()); }
  [[nodiscard]] std::vector<std::string> stored(const std::string& topic_name) const;
  // Until so many messages are in the topic, whatever rebufd knows of it.
  void wait_until_stored(std::size_t messages) const;
  // Everything is delivered or given up, and the route is direct; the figures add up.
  Metrics wait_until_done() const;
  void wait_for_state(const std::string& state) const;

  // Messages larger than this are too large for the topic; its own lines are much smaller.
  static constexpr std::size_t limit_bytes = 4000;
  void limit_messages() { set_topic("max.message.bytes", std::to_string(limit_bytes)); }
  void unlimit_messages() { cluster.admin().configure(topic.name(), {}); }

  test::KafkaCluster& cluster;
  Network network;
  const test::TemporaryDirectory scratch;
  const Topic topic;
  Daemon daemon;
  Client client;

 private:
  void set_topic(const std::string& name, const std::string& value) {
    cluster.admin().configure(topic.name(), {{name, value}});
  }
};

// "0", "1", …, each long enough that forty of them are more than Plant::limit_bytes.
[[nodiscard]] std::vector<std::string> numbered_lines(std::size_t count);
// Each value where it stands first.
[[nodiscard]] std::vector<std::string> first_copies(const std::vector<std::string>& values);
// Makes that line larger than Plant::limit_bytes.
void make_too_large(std::string& line);
// All but those at `places`, which rise.
[[nodiscard]] std::vector<std::string> without(std::vector<std::string> lines,
                                               const std::vector<std::size_t>& places);

}  // namespace rebuf::e2e
