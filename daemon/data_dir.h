// rebufd's data directory: made when it is missing, and held for as long as the object lives, so
// that two rebufd never share one. The lock (flock on the directory itself) ends with the process,
// however that ends.
#pragma once

#include <rebuf/status.h>

#include <filesystem>
#include <utility>

namespace rebuf::daemon {

class DataDir {
 public:
  // Code::locked: another rebufd has it. Code::io: it cannot be made or written.
  [[nodiscard]] static Result<DataDir> hold(const std::filesystem::path& path);
  DataDir(DataDir&& other) noexcept
      : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)) {}
  DataDir& operator=(DataDir&&) = delete;
  DataDir(const DataDir&) = delete;
  DataDir& operator=(const DataDir&) = delete;
  ~DataDir();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  DataDir(std::filesystem::path path, int fd) : path_(std::move(path)), fd_(fd) {}
  std::filesystem::path path_;
  int fd_;
};

}  // namespace rebuf::daemon
