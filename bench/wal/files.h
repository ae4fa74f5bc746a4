// Files as the bare loops use them: each error ends the program. One thread.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <memory>
#include <string>

#include "bench/wal/measure.h"
#include "bench/wal/raw.h"
#include "wal/format.h"

namespace rebuf::bench {

class File {
 public:
  explicit File(const std::filesystem::path& path, int more_flags = 0)
      : fd_(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | more_flags, 0640)) {
    require(fd_ >= 0, "open " + path.string());
  }
  ~File() { ::close(fd_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  [[nodiscard]] int fd() const { return fd_; }
  void write(const void* data, std::size_t bytes) const {
    require(::write(fd_, data, bytes) == static_cast<ssize_t>(bytes), "write");
  }
  void sync() const { require(::fdatasync(fd_) == 0, "fdatasync"); }
  void allocate(std::uint64_t bytes) const {
    require(::posix_fallocate(fd_, 0, static_cast<off_t>(bytes)) == 0, "posix_fallocate");
  }

 private:
  int fd_;
};

// The file to append to: the next one after segment_bytes, as a log goes to its next segment.
class Segments {
 public:
  explicit Segments(std::filesystem::path dir, int flags = 0, Space space = Space::grows)
      : dir_(std::move(dir)), flags_(flags), space_(space) {}

  const File& file_for(std::size_t bytes) {
    if (!file_ || written_ + bytes > segment_bytes) {
      file_ = std::make_unique<File>(dir_ / std::to_string(number_++), flags_);
      if (space_ == Space::allocated) file_->allocate(segment_bytes);
      written_ = 0;
    }
    written_ += bytes;
    return *file_;
  }

 private:
  const std::filesystem::path dir_;
  const int flags_;
  const Space space_;
  int number_ = 0;
  std::uint64_t written_ = 0;
  std::unique_ptr<File> file_;
};

// An entry as it stands on disk, made in the same place again and again.
class Frame {
 public:
  explicit Frame(std::size_t bytes) : framed_(frame_bytes + bytes, '\0') {}

  const std::string& make(const std::string& data) {
    const HeaderBytes header = header_of(std::as_bytes(std::span(data)));
    std::memcpy(framed_.data(), header.data(), header.size());
    std::memcpy(framed_.data() + frame_bytes, data.data(), data.size());
    return framed_;
  }

 private:
  std::string framed_;
};

}  // namespace rebuf::bench
