// Harm to rebufd itself: its process, its disk, its clock, its descriptors.
#pragma once

#include <vector>

#include "../daemon.h"
#include "../saboteur.h"
#include "adversary.h"

namespace rebuf::e2e {

class DaemonAdversary final : public Adversary {
 public:
  // The daemon runs with the saboteur's environment. Both outlive it.
  DaemonAdversary(Daemon& daemon, Saboteur& saboteur) : daemon_(daemon), saboteur_(saboteur) {}

  std::string strike(Chance& chance) override;
  void heal() override;
  // Messages that its new processes found in a route's log: each is sent once more, though it may
  // have arrived before the old one ended.
  [[nodiscard]] std::size_t found_in_log(const std::string& route) const;

 private:
  std::string kill(Chance& chance);
  std::string stop();
  void start();
  std::string freeze(Chance& chance);
  std::string change_disk(Chance& chance);
  std::string change_files();

  Daemon& daemon_;
  Saboteur& saboteur_;
  std::vector<Metrics> starts_;  // what each new process said at once
  bool disk_full_ = false;
  bool files_short_ = false;
};

}  // namespace rebuf::e2e
