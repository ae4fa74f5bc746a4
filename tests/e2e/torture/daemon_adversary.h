// Harm to rebufd itself: its process, its disk, its clock, its descriptors.
#pragma once

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
  [[nodiscard]] std::size_t uncertainties() const override { return deaths_ + stops_; }
  // How often it started without its last cursor, and so sent again what came behind the one
  // before.
  [[nodiscard]] std::size_t lost_cursors() const { return lost_cursors_; }

 private:
  std::string kill(Chance& chance);
  std::string stop();
  std::string freeze(Chance& chance);
  std::string change_disk(Chance& chance);
  std::string change_files();

  Daemon& daemon_;
  Saboteur& saboteur_;
  std::size_t deaths_ = 0;
  std::size_t stops_ = 0;
  std::size_t lost_cursors_ = 0;
  bool disk_full_ = false;
  bool disk_fails_ = false;  // full, too
  bool files_short_ = false;
};

}  // namespace rebuf::e2e
