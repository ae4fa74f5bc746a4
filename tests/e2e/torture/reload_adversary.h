// What an operator does to the configuration of a running rebufd: other settings of routes and
// sinks, a mistake, a route that goes and comes back.
#pragma once

#include <functional>
#include <string>

#include "../daemon.h"
#include "adversary.h"
#include "shape.h"

namespace rebuf::e2e {

class ReloadAdversary final : public Adversary {
 public:
  // The file for the shape as it is, with or without the route `hook`.
  using Configuration = std::function<std::string(bool with_hook)>;

  // Both outlive it.
  ReloadAdversary(const Daemon& daemon, Shape& shape, Configuration configuration)
      : daemon_(daemon), shape_(shape), configuration_(std::move(configuration)) {}

  std::string strike(Chance& chance) override;
  // Returns when the file as it is last is in force.
  void heal() override;
  // Messages that a route's new self found in its log though its old self could not write down how
  // far it had come: each is sent once more, though it may have arrived before.
  [[nodiscard]] std::size_t found_again(const std::string& route) const;
  // How often the Kafka sink let go of what a route that ended had in transit, of which nobody
  // knows whether it arrived.
  [[nodiscard]] std::size_t lettings_go(const std::string& route) const;

 private:
  std::string change(Chance& chance);
  void make_a_mistake() const;

  const Daemon& daemon_;
  Shape& shape_;
  const Configuration configuration_;
  bool with_hook_ = true;
};

}  // namespace rebuf::e2e
