#include "daemon_adversary.h"

#include <doctest/doctest.h>
#include <signal.h>

#include <thread>

namespace rebuf::e2e {

std::string DaemonAdversary::strike(Chance& chance) {
  switch (chance.between(1, 8)) {
    case 1:
    case 2:
      return kill(chance);
    case 3:
      return stop();
    case 4:
      return freeze(chance);
    case 5:
    case 6:
      return change_disk(chance);
    case 7:
      return change_files();
    default:
      break;
  }
  const std::chrono::seconds shift(chance.one_of(-86400, -3, 0, 3, 86400));
  saboteur_.shift_clock(shift);
  return "rebufd: its clock is off by " + std::to_string(shift.count()) + " s";
}

// A disk that is full is so for the next process, too; one that fails an operator replaces first.
std::string DaemonAdversary::kill(Chance& chance) {
  daemon_.kill();
  files_short_ = false;
  std::this_thread::sleep_for(chance.ms_between(0, 300));
  if (!disk_full_) saboteur_.fail_writes(0);
  saboteur_.fail_syncs(0);
  start();
  return "rebufd: SIGKILL";
}

std::string DaemonAdversary::stop() {
  CHECK(daemon_.stop() == 0);
  files_short_ = disk_full_ = false;
  saboteur_.heal();
  start();
  return "rebufd: SIGTERM";
}

void DaemonAdversary::start() {
  daemon_.start();
  starts_.push_back(daemon_.metrics());
}

std::size_t DaemonAdversary::found_in_log(const std::string& route) const {
  std::int64_t found = 0;
  for (const Metrics& start : starts_)
    found += start.count("rebufd_messages_recovered_total", route, {{"from", "log"}});
  return static_cast<std::size_t>(found);
}

std::string DaemonAdversary::freeze(Chance& chance) {
  const auto time = chance.ms_between(50, 1500);
  daemon_.send(SIGSTOP);
  std::this_thread::sleep_for(time);
  daemon_.send(SIGCONT);
  return "rebufd: SIGSTOP for " + std::to_string(time.count()) + " ms";
}

std::string DaemonAdversary::change_disk(Chance& chance) {
  saboteur_.fail_writes(0);
  saboteur_.fail_syncs(0);
  disk_full_ = false;
  switch (chance.between(1, 5)) {
    case 1:
      saboteur_.fail_writes(EIO);
      return "rebufd: its disk fails to write";
    case 2:
      saboteur_.fail_syncs(EIO);
      return "rebufd: its disk fails to sync";
    case 3:
      saboteur_.fail_writes(ENOSPC);
      disk_full_ = true;
      return "rebufd: its disk is full";
    default:
      return "rebufd: its disk works";
  }
}

std::string DaemonAdversary::change_files() {
  files_short_ = !files_short_;
  if (!files_short_) {
    daemon_.let_open_files(true);
    return "rebufd: descriptors enough";
  }
  daemon_.let_open_files(false);
  return "rebufd: no descriptor left";
}

void DaemonAdversary::heal() {
  saboteur_.heal();
  daemon_.let_open_files(true);
  disk_full_ = files_short_ = false;
}

}  // namespace rebuf::e2e
