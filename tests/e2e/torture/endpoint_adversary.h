// Harm to what the HTTP sink sends to.
#pragma once

#include "../endpoint.h"
#include "adversary.h"

namespace rebuf::e2e {

class EndpointAdversary final : public Adversary {
 public:
  // Open when it begins. Outlives it.
  explicit EndpointAdversary(Endpoint& endpoint) : endpoint_(endpoint) {}

  std::string strike(Chance& chance) override {
    if (chance.once_in(4)) return close_or_open();
    const auto manner = static_cast<Manner>(chance.between(0, manners - 1));
    endpoint_.be(manner);
    return std::string("endpoint: ") + name_of(manner);
  }
  void heal() override {
    endpoint_.be(Manner::takes);
    if (!open_) (void)close_or_open();
  }

 private:
  std::string close_or_open() {
    open_ = !open_;
    if (open_)
      endpoint_.open();
    else
      endpoint_.close();
    return open_ ? "endpoint: opens" : "endpoint: closes";
  }

  Endpoint& endpoint_;
  bool open_ = true;
};

}  // namespace rebuf::e2e
