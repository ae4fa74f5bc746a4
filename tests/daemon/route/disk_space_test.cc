#include "daemon/disk_space.h"

#include <doctest/doctest.h>

#include "faulty_disk.h"
#include "tests/support/temporary_directory.h"

namespace rebuf::daemon {
namespace {

struct Disk {
  void has_free(std::int64_t bytes) {
    disk.free = bytes;
    space.look_at_once();
  }
  const test::TemporaryDirectory directory;
  FaultyDisk disk;
  DiskSpace space{directory.path(), 1000, disk};
};

TEST_CASE("what is appended after a look at the disk takes from the room before the next one") {
  Disk disk;
  disk.has_free(1500);
  CHECK(disk.space.room() == 500);
  disk.space.appending(200);
  CHECK(disk.space.room() == 300);
  disk.space.appending(400);
  CHECK(disk.space.room() == 0);
}

TEST_CASE("a look counts what is written once, and what is under way still") {
  Disk disk;
  disk.has_free(1500);
  disk.space.appending(200);
  disk.space.ended(200);
  CHECK(disk.space.room() == 300);  // not seen yet
  disk.has_free(1300);
  CHECK(disk.space.room() == 300);
  disk.space.appending(100);
  disk.has_free(1300);
  CHECK(disk.space.room() == 200);
  disk.space.ended(100);  // it failed
  disk.has_free(1300);
  CHECK(disk.space.room() == 300);
}

TEST_CASE("there is no room below keep_free, and less than half of it is told apart") {
  Disk disk;
  disk.has_free(999);
  CHECK(disk.space.room() == 0);
  CHECK_FALSE(disk.space.half_used());
  disk.has_free(499);
  CHECK(disk.space.half_used());
  disk.has_free(5000);
  CHECK(disk.space.room() == 4000);
  CHECK_FALSE(disk.space.half_used());
}

TEST_CASE("with keep_free 0 the disk is not asked") {
  const test::TemporaryDirectory directory;
  FaultyDisk disk;
  disk.free = 0;
  DiskSpace space(directory.path(), 0, disk);
  space.look_at_once();
  space.appending(1U << 30U);
  CHECK(space.room() > (1U << 30U));
  CHECK_FALSE(space.half_used());
}

}  // namespace
}  // namespace rebuf::daemon
