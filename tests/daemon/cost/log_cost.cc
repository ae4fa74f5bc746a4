// What an entry of 256 bytes costs the log itself, repeatably: one thread writes without syncs, or
// replays. Prints how many allocations that took; cost.py counts the instructions.
//   log_cost write|replay ENTRIES
#include <rebuf/log.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/daemon/cost/allocations.h"
#include "tests/support/temporary_directory.h"

namespace rebuf {
namespace {

constexpr std::size_t in_log = 500;  // entries that are replayed again and again

bool write(Log& log, std::size_t entries) {
  const std::string data(256, 'x');
  for (std::size_t i = 0; i < entries; ++i)
    if (!log.write(std::as_bytes(std::span(data)))) return false;
  return true;
}

bool replay(Log& log, std::size_t entries) {
  std::size_t replayed = 0;
  const auto count = [&](Bytes) {
    ++replayed;
    return Status{};
  };
  while (replayed < entries)
    if (!log.replay(count)) return false;
  return true;
}

int run(bool replays, std::size_t entries) {
  const test::TemporaryDirectory scratch;
  Options options;
  options.sync_strategy = SyncStrategy::manual;
  const auto log = Log::open(scratch.path() / "log", std::move(options));
  if (!log || (replays && !write(**log, in_log))) return 1;
  const std::uint64_t before = test::allocations();
  if (!(replays ? replay(**log, entries) : write(**log, entries))) return 1;
  std::printf("%llu\n", static_cast<unsigned long long>(test::allocations() - before));
  return 0;
}

}  // namespace
}  // namespace rebuf

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "log_cost write|replay ENTRIES\n");
    return 2;
  }
  return rebuf::run(std::string(argv[1]) == "replay", std::strtoull(argv[2], nullptr, 10));
}
