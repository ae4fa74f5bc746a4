#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <iostream>

#include "schedule.h"
#include "torture.h"

namespace rebuf::e2e {
namespace {

using std::chrono::seconds;

// What rebufd takes of the machine when everything is delivered.
struct Footprint {
  explicit Footprint(const Daemon& daemon) : process(daemon.figures()) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(daemon.data_dir()))
      if (entry.is_regular_file()) disk_kib += entry.file_size() / 1024;
  }
  [[nodiscard]] std::string text() const {
    return std::to_string(process.allocated_kib) + " KiB allocated, " +
           std::to_string(process.files) + " descriptors, " + std::to_string(process.threads) +
           " threads, " + std::to_string(disk_kib) + " KiB of disk";
  }

  Daemon::Figures process;
  std::uintmax_t disk_kib = 0;
};

}  // namespace

void endure(std::uint64_t seed, std::chrono::minutes time, test::KafkaCluster* cluster) {
  constexpr int rounds_to_warm_up = 4;
  constexpr std::size_t slack_kib = 8192;  // the allocator's, and a last segment
  Schedule schedule(seed, cluster);
  std::optional<Footprint> warm;
  const auto end = Clock::now() + time;
  for (int round = 1; Clock::now() < end || round <= rounds_to_warm_up; ++round) {
    if (round > 1) schedule.begin_anew();
    schedule.run({.duration = seconds(20), .harms_rebufd = false, .odd_rows = false});
    const Footprint now(schedule.daemon());
    std::cerr << "round " << round << ": " << now.text() << '\n';
    if (round == rounds_to_warm_up) warm = now;
  }
  const Footprint last(schedule.daemon());
  schedule.stop();
  CHECK_MESSAGE(last.process.allocated_kib <= warm->process.allocated_kib + slack_kib, last.text());
  CHECK_MESSAGE(last.process.files <= warm->process.files + 8, last.text());  // idle connections
  CHECK_MESSAGE(last.process.threads <= warm->process.threads, last.text());
  CHECK_MESSAGE(last.disk_kib <= warm->disk_kib + slack_kib, last.text());
}

}  // namespace rebuf::e2e
