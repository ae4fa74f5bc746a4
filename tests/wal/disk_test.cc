// Real file systems: one that is full, and ones whose power is cut under 16 writers.
#include <doctest/doctest.h>

#include <cstdlib>
#include <iostream>
#include <random>

#include "tests/wal/real/loop_mount.h"
#include "tests/wal/real/writer_process.h"
#include "tests/wal/sim/session.h"

namespace rebuf::test {
namespace {

using std::chrono::milliseconds;

// 200 cuts a night (REBUF_TEST_LONG=1), a few otherwise.
int cuts() { return std::getenv("REBUF_TEST_LONG") != nullptr ? 200 : 10; }

void survives_power_cuts(const std::string& type, int size_mib, std::uint64_t preallocate) {
  LoopMount disk(type, size_mib);
  Options options;
  options.max_log_size = 256U << 10;
  options.max_segments = 1000;
  options.preallocate = preallocate;
  const std::filesystem::path dir = disk.path() / "log";
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  Told told;
  for (int round = 1; round <= cuts(); ++round) {
    CAPTURE(round);
    {
      WriterProcess writers(dir, options, 16, round);
      writers.listen(milliseconds(random() % 150), told);
      writers.power_goes();
      disk.cut_power(random() % 2 == 0);
      writers.kill(told);
    }
    disk.remount();
    const auto log = Log::open(dir, options);
    REQUIRE_MESSAGE(log, log.status().message());
    const auto entries = replayed(**log);
    REQUIRE_MESSAGE(entries, entries.status().message());
    const auto wrong = told.contradiction(*entries);
    REQUIRE_MESSAGE(!wrong, *wrong);
    CHECK((*log)->cursor_at_open().how != CursorFound::How::fell_back);
  }
  std::cout << type << ": " << cuts() << " power cuts, " << told.acknowledged.size()
            << " entries acknowledged\n";
}

TEST_CASE("no power cut under 16 writers loses what was acknowledged: ext4") {
  survives_power_cuts("ext4", 64, 0);
}

TEST_CASE("no power cut under 16 writers loses what was acknowledged: ext4, preallocated") {
  survives_power_cuts("ext4", 64, 256U << 10);
}

TEST_CASE("no power cut under 16 writers loses what was acknowledged: xfs") {
  survives_power_cuts("xfs", 320, 0);
}

// Writes until the disk is full; the number of the last entry that was taken.
std::size_t fill(Log& log, std::size_t from) {
  Status status;
  std::size_t number = from;
  while ((status = log.write(bytes_of(numbered(number + 1, 5000)))).ok()) ++number;
  CHECK(status.code() == Code::full);
  return number;
}

TEST_CASE("a full disk refuses, keeps everything, and takes more after a purge") {
  const LoopMount disk("ext4", 16);
  Options options;
  options.max_log_size = 1U << 20;
  options.max_segments = 1000;
  const std::filesystem::path dir = disk.path() / "log";
  std::size_t first = 1, last = 0;
  for (int round = 0; round < 4; ++round) {
    CAPTURE(round);
    options.preallocate = round % 2 == 0 ? 0 : 1U << 20;
    const auto opened = Log::open(dir, options);
    REQUIRE_MESSAGE(opened, opened.status().message());
    Log& log = **opened;
    last = fill(log, last);
    const auto entries = replayed(log);
    REQUIRE(entries);
    CHECK(entries->size() == last - first + 1);
    CHECK(entries->front() == numbered(first, 5000));
    CHECK(entries->back() == numbered(last, 5000));

    const Position end = log.stats().end;
    REQUIRE(log.segment_count() > 4);
    const SegmentId through = end.segment - 3;
    CHECK(log.save_cursor({.position = {through + 1, 0}, .ordinal = 0, .user = {}}).ok());
    CHECK(log.purge_through(through).ok());
    const auto left = replayed(log);
    REQUIRE(left);
    first = *number_of(left->front());
    CHECK(log.write(bytes_of(numbered(last + 1, 5000))).ok());
    ++last;
    CHECK(log.close().ok());
  }
}

}  // namespace
}  // namespace rebuf::test
