#include "tests/wal/real/loop_mount.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <iostream>

namespace rebuf::test {
namespace {

// Not in the user headers: EXT4_IOC_SHUTDOWN of fs/ext4/ext4.h, XFS_IOC_GOINGDOWN of
// fs/xfs/libxfs/xfs_fs.h. Same number, same flags: 1 flushes the journal first, 2 does not.
constexpr unsigned long going_down = _IOR('X', 125, std::uint32_t);
constexpr std::uint32_t with_journal = 1, without_journal = 2;

// The machine itself keeps its power, so the image may lie in memory, where nobody waits for a
// disk.
std::filesystem::path memory_or(const std::filesystem::path& other) {
  const std::filesystem::path memory = "/dev/shm";
  return std::filesystem::is_directory(memory) ? memory : other;
}

}  // namespace

void skipped(const std::string& reason) {
  std::cout << "SKIPPED: " << reason << std::endl;
  std::_Exit(skip_exit_code);
}

LoopMount::LoopMount(const std::string& type, int size_mib)
    : image_(memory_or(temp_.path()) / (temp_.path().filename().string() + ".image")),
      path_(temp_.path() / "mount") {
  const auto give_up = [&](const std::string& reason) {
    std::filesystem::remove(image_);
    std::filesystem::remove_all(temp_.path());
    skipped(reason);
  };
  if (::geteuid() != 0) give_up("mounting a loop image needs root");
  const std::string image = image_.string();
  REQUIRE(run("truncate -s " + std::to_string(size_mib) + "M " + image).exit_code == 0);
  if (const Ran made = run("mkfs." + type + " -q " + image); made.exit_code != 0)
    give_up("mkfs." + type + ": " + made.output);
  std::filesystem::create_directory(path_);
  const std::string mount = "mount -o loop " + image + " " + path_.string();
  if (const Ran mounted = run(mount); mounted.exit_code != 0)
    give_up(mount + ": " + mounted.output);
}

LoopMount::~LoopMount() {
  const Ran down = run("umount " + path_.string());
  if (down.exit_code != 0) std::cout << down.output;
  std::filesystem::remove(image_);
}

void LoopMount::cut_power(bool flush_journal) {
  const int fd = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  REQUIRE(fd >= 0);
  std::uint32_t how = flush_journal ? with_journal : without_journal;
  const int result = ::ioctl(fd, going_down, &how);
  ::close(fd);
  REQUIRE(result == 0);
}

void LoopMount::remount(const std::string& options) {
  const Ran down = run("umount " + path_.string());
  REQUIRE_MESSAGE(down.exit_code == 0, down.output);
  const Ran up = run("mount -o loop," + options + " " + image_.string() + " " + path_.string());
  REQUIRE_MESSAGE(up.exit_code == 0, up.output);
}

}  // namespace rebuf::test
