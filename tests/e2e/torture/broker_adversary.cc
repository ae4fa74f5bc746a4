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
  const std::string broker = "broker " + std::to_string(node) + ": ";
  if (ill_.contains(node)) {
    make_well(node);
    return broker + "well again";
  }
  const std::string verb = chance.one_of("kill", "stop", "full");
  cluster_.run(verb, node);
  ill_[node] = verb;
  return broker + verb;
}

void BrokerAdversary::make_well(int node) {
  if (ill_.at(node) == "full") cluster_.run("kill", node);  // it may still live
  cluster_.run("start", node);
  ill_.erase(node);
}

void BrokerAdversary::heal() {
  while (!ill_.empty()) make_well(ill_.begin()->first);
  cluster_.wait();
  if (throttled_) cluster_.limit(topic_.name(), std::nullopt);
  throttled_ = false;
}

}  // namespace rebuf::e2e
