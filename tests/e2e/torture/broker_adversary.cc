#include "broker_adversary.h"

namespace rebuf::e2e {

std::string BrokerAdversary::strike(Chance& chance) {
  // What asks the brokers to do something needs all of them, and seconds.
  if (all_well() && chance.once_in(5)) {
    cluster_.wait();
    if (cluster_.nodes() > 1 && chance.once_in(2)) {
      cluster_.elect(topic_.name(), 2);
      return "brokers: other leaders, twice";
    }
    throttled_ = !throttled_;
    cluster_.limit(topic_.name(), throttled_ ? std::optional<std::size_t>(200'000) : std::nullopt);
    return throttled_ ? "brokers: throttle" : "brokers: throttle no longer";
  }
  return change(chance.between(1, cluster_.nodes()), chance);
}

// One that is ill gets well again.
std::string BrokerAdversary::change(int node, Chance& chance) {
  const bool was_ill = ill_.erase(node) > 0;
  const std::string verb = was_ill ? "start" : chance.one_of("kill", "stop", "full");
  if (was_ill) cluster_.run("kill", node);  // one whose disk is full may still live
  cluster_.run(verb, node);
  if (!was_ill) ill_.insert(node);
  return "broker " + std::to_string(node) + ": " + verb;
}

void BrokerAdversary::heal() {
  for (const int node : ill_) {
    cluster_.run("kill", node);
    cluster_.run("start", node);
  }
  ill_.clear();
  cluster_.wait();
  if (throttled_) cluster_.limit(topic_.name(), std::nullopt);
  throttled_ = false;
}

}  // namespace rebuf::e2e
