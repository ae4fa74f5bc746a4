// Logs that somebody is writing, rotating and purging.
#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "log_maker.h"

namespace rebuf::ctl_test {

TEST_CASE("verify finds no damage in a log that is being written and purged") {
  const test::TemporaryDirectory directory;
  Options options;
  options.state_dir = directory.path();
  options.max_log_size = 2U << 20;
  options.max_segments = 2;  // the oldest goes all the time
  options.sync_strategy = SyncStrategy::manual;
  options.preallocate = 1U << 19;
  auto log = Log::open(directory.path() / "log", std::move(options));
  REQUIRE(log.ok());
  std::atomic<bool> ends{false};
  std::thread writer([&] {
    const std::string value(300'000, 'x');  // large: a write in the middle is easily seen
    while (!ends)
      if (!(*log)->write(std::as_bytes(std::span(value))).ok()) return;
  });
  for (int i = 0; i < 10; ++i) {
    const test::Finished verify = rebufctl({"wal", "verify", directory.path().string()});
    CHECK_MESSAGE(verify.code == 0, verify.output << verify.errors);
  }
  ends = true;
  writer.join();
}

}  // namespace rebuf::ctl_test
