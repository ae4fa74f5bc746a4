#include "small_disk.h"

#include <doctest/doctest.h>

#include <fstream>

#include "tests/support/program.h"

namespace rebuf::e2e {

SmallDisk::SmallDisk(const std::filesystem::path& home, std::size_t mebibytes)
    : path_(home / "disk") {
  const std::filesystem::path image = home / "disk.img";
  std::filesystem::create_directory(path_);
  std::ofstream(image).close();
  std::filesystem::resize_file(image, mebibytes << 20U);
  mounted_ = test::run({"mkfs.ext4", "-q", "-m", "0", image}).code == 0 &&
             test::run({"mount", "-o", "loop", image, path_}).code == 0;
  if (!mounted_)
    mounted_ = test::run({"mount", "-t", "tmpfs", "-o", "size=" + std::to_string(mebibytes) + "m",
                          "tmpfs", path_})
                   .code == 0;
}

SmallDisk::~SmallDisk() {
  if (mounted_) CHECK(test::run({"umount", path_}).code == 0);
}

}  // namespace rebuf::e2e
