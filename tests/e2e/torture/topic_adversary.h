// What an operator does to the topic: removes it, forbids it, demands more replicas than there are,
// makes its messages smaller. Needs brokers that answer: the schedule asks only then.
#pragma once

#include "../ledger.h"
#include "../topic.h"
#include "adversary.h"

namespace rebuf::e2e {

class TopicAdversary final : public Adversary {
 public:
  // Messages above it are sometimes too large.
  static constexpr int lowered_limit = 4000;  // bytes

  // Both outlive it.
  TopicAdversary(test::KafkaCluster& cluster, Topic& topic) : cluster_(cluster), topic_(topic) {}

  std::string strike(Chance& chance) override;
  void heal() override;
  // Removes it with what is in it, and makes it again.
  void make_anew(std::chrono::milliseconds missing_for = {});
  // How often it made the Kafka sink let go of messages of which nobody knows whether they arrived.
  [[nodiscard]] std::size_t uncertainties() const { return uncertainties_; }
  // When it was last removed; what was sent before may be gone.
  [[nodiscard]] Clock::time_point removed() const { return removed_; }

 private:
  test::KafkaCluster& cluster_;
  Topic& topic_;
  bool forbidden_ = false;
  std::size_t uncertainties_ = 0;
  Clock::time_point removed_{};
};

}  // namespace rebuf::e2e
