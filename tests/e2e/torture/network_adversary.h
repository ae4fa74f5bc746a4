// Harm to the network between rebufd and the brokers.
#pragma once

#include "../network.h"
#include "adversary.h"

namespace rebuf::e2e {

class NetworkAdversary final : public Adversary {
 public:
  // Outlives it.
  NetworkAdversary(Network& network, int nodes) : network_(network), nodes_(nodes) {}

  std::string strike(Chance& chance) override {
    if (chance.once_in(6)) {
      network_.reset_all();
      return "network: resets once";
    }
    const auto weather = static_cast<Weather>(chance.between(0, weathers - 1));
    const int node = chance.between(0, nodes_);
    if (node == 0)
      network_.be(weather);
    else
      network_.be(weather, node);
    return std::string("network: ") + name_of(weather) +
           (node == 0 ? "" : " to broker " + std::to_string(node));
  }
  void heal() override { network_.be(Weather::fair); }

 private:
  Network& network_;
  const int nodes_;
};

}  // namespace rebuf::e2e
