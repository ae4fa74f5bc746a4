// One party of a run that misbehaves. Owned by the schedule, and its thread only.
#pragma once

#include <string>

#include "chance.h"

namespace rebuf::e2e {

class Adversary {
 public:
  Adversary() = default;
  virtual ~Adversary() = default;
  Adversary(const Adversary&) = delete;
  Adversary& operator=(const Adversary&) = delete;

  // Does harm, or ends some, by chance; says what.
  virtual std::string strike(Chance& chance) = 0;
  // Undoes all that lasts.
  virtual void heal() = 0;
};

}  // namespace rebuf::e2e
