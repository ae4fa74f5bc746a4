// A small ext4 file system in an image below a directory, for a disk that fills up. Needs root and
// loop devices; without loop devices a tmpfs of the same size takes its place.
#pragma once

#include <cstddef>
#include <filesystem>

namespace rebuf::e2e {

class SmallDisk {
 public:
  SmallDisk(const std::filesystem::path& home, std::size_t mebibytes);
  ~SmallDisk();  // unmounts
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  // False: this machine does not let us mount anything, which a test says aloud before it returns.
  [[nodiscard]] bool mounted() const { return mounted_; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  bool mounted_ = false;
};

}  // namespace rebuf::e2e
