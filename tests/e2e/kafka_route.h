// A run with one route, `weather`, into a topic of its own on real brokers, through a network that
// can fail, with devices that post a row at a time. One thread.
#pragma once

#include <string>

#include "check.h"
#include "daemon.h"
#include "device.h"
#include "measurements.h"
#include "network.h"
#include "saboteur.h"
#include "topic.h"

namespace rebuf::e2e {

class KafkaRoute {
 public:
  static constexpr std::chrono::milliseconds spill_after{1000};
  static constexpr std::size_t window = 1000;  // messages

  explicit KafkaRoute(int nodes);
  // With another `sinks:` block, whose sink is called `kafka`.
  [[nodiscard]] std::string configuration(const std::string& sinks) const;

  // Starts rebufd and the devices, and returns when the route is direct. With `odd_text` one row in
  // a hundred carries it.
  void start(std::size_t devices = 6, const std::string& odd_text = {});
  void add_devices(Fleet& fleet, std::size_t devices, const std::string& odd_text = {});
  void wait_for_state(const std::string& state) const;
  // An outage has begun, and clients are answered: 500 more rows.
  void wait_until_buffering();
  // It has ended: the route is direct again, and 500 more rows were answered.
  void wait_until_direct();
  // The devices finish, everything is delivered, rebufd stops, and what arrived is compared with
  // what was answered; a broken promise fails the test.
  Verdict finish(Explained explained = {});

  test::KafkaCluster& cluster;
  Network network;
  const test::TemporaryDirectory scratch;
  const Measurements measurements{"weather.csv.gz"};
  const Topic topic;
  Saboteur saboteur{scratch.path()};
  Daemon daemon;
  Fleet fleet;
};

}  // namespace rebuf::e2e
