// Harm to the brokers: killed, frozen, a full disk, elections, a quota.
#pragma once

#include <map>
#include <string>

#include "../topic.h"
#include "adversary.h"

namespace rebuf::e2e {

class BrokerAdversary final : public Adversary {
 public:
  // `topic` is also the client.id that a quota is for. Both outlive it.
  BrokerAdversary(test::KafkaCluster& cluster, const Topic& topic)
      : cluster_(cluster), topic_(topic) {}

  std::string strike(Chance& chance) override;
  void heal() override;
  [[nodiscard]] bool all_well() const { return ill_.empty(); }

 private:
  std::string change(int node, Chance& chance);
  void make_well(int node);

  test::KafkaCluster& cluster_;
  const Topic& topic_;
  std::map<int, std::string> ill_;  // what was done to each
  bool throttled_ = false;
};

}  // namespace rebuf::e2e
