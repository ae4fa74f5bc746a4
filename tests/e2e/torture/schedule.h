// Rounds of random faults against the whole path: rebufd with a route into an HTTP endpoint and,
// with a cluster, one into Kafka; 18 devices post. While a round lasts, adversaries strike in
// turn; then all is healed, everything drains, and the judge compares. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "../check.h"
#include "../device.h"
#include "../measurements.h"
#include "broker_adversary.h"
#include "daemon_adversary.h"
#include "endpoint_adversary.h"
#include "network_adversary.h"
#include "reload_adversary.h"
#include "shape.h"
#include "topic_adversary.h"

namespace rebuf::e2e {

class Schedule {
 public:
  // `cluster` may be null. Starts rebufd.
  Schedule(std::uint64_t seed, test::KafkaCluster* cluster);

  struct Round {
    std::chrono::milliseconds duration{};  // of the faults; healing and draining come on top
    bool harms_rebufd = true;
    bool odd_rows = true;  // some that the sinks refuse
  };
  // A broken promise fails the test.
  void run(const Round& round);
  // Another round follows: what arrived until now is forgotten.
  void begin_anew();
  void stop();
  [[nodiscard]] const Daemon& daemon() const { return daemon_; }

 private:
  // The way into Kafka and those who harm it.
  struct Kafka {
    explicit Kafka(test::KafkaCluster& cluster_in)
        : cluster(cluster_in),
          network(cluster),
          topic(cluster, 6),
          brokers(cluster, topic),
          topics(cluster, topic),
          networks(network, cluster.nodes()) {}
    test::KafkaCluster& cluster;
    Network network;
    Topic topic;
    BrokerAdversary brokers;
    TopicAdversary topics;
    NetworkAdversary networks;
  };

  [[nodiscard]] std::string configuration(bool with_hook) const;
  void add_devices(Fleet& fleet, const std::string& route, const std::string& odd_text);
  [[nodiscard]] Adversary& next_adversary(const Round& round);
  void heal();
  void judge_hook(Fleet& fleet);
  void judge_kafka(Fleet& fleet);
  void judge(const std::string& route, Fleet& fleet, const std::vector<Arrival>& arrivals,
             const std::string& odd_text, Explained explained);
  void tell(const std::string& what) const;

  const Clock::time_point begin_ = Clock::now();
  Chance chance_;
  Shape shape_;
  const test::TemporaryDirectory scratch_;
  const Measurements measurements_{"weather.csv.gz"};
  Endpoint endpoint_;
  const std::unique_ptr<Kafka> kafka_;
  Saboteur saboteur_;
  Daemon daemon_;
  DaemonAdversary daemons_;
  ReloadAdversary reloads_;
  std::size_t repetitions_before_ = 0;  // the round
  EndpointAdversary endpoints_;
};

}  // namespace rebuf::e2e
