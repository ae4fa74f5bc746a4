#include "bench/wal/raw.h"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

namespace rebuf::bench {
namespace {

constexpr double seconds = 1.0;
constexpr std::size_t frame_bytes = 12;
constexpr std::size_t block = 256U << 10;
constexpr std::size_t file_bytes = 64U
                                   << 20;  // then the next file, as a log goes to its next segment

class File {
 public:
  File(const std::filesystem::path& path, int flags) : fd_(::open(path.c_str(), flags, 0640)) {
    require(fd_ >= 0, "open " + path.string());
  }
  ~File() { ::close(fd_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

// Appends with `write`, which returns the bytes written, over files of file_bytes.
double append(const std::filesystem::path& dir, std::uint64_t items,
              const std::function<std::size_t(int fd)>& write) {
  int number = 0;
  std::size_t written = file_bytes;
  std::unique_ptr<File> file;
  return rate_of(seconds, items, [&] {
    if (written >= file_bytes) {
      file = std::make_unique<File>(dir / std::to_string(number++),
                                    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC);
      written = 0;
    }
    written += write(file->fd());
  });
}

}  // namespace

Contender raw_synced(std::size_t bytes) {
  return [bytes](const std::filesystem::path& dir) {
    const std::string entry(bytes + frame_bytes, 'x');
    return append(dir, 1, [&](int fd) {
      require(::write(fd, entry.data(), entry.size()) == static_cast<ssize_t>(entry.size()),
              "write");
      require(::fdatasync(fd) == 0, "fdatasync");
      return entry.size();
    });
  };
}

Contender raw_unsynced(std::size_t bytes) {
  return [bytes](const std::filesystem::path& dir) {
    const std::string entry(bytes + frame_bytes, 'x');
    return append(dir, 1, [&](int fd) {
      require(::write(fd, entry.data(), entry.size()) == static_cast<ssize_t>(entry.size()),
              "write");
      return entry.size();
    });
  };
}

Contender raw_vectored(std::size_t bytes, std::size_t count) {
  return [bytes, count](const std::filesystem::path& dir) {
    const std::string data(bytes, 'x');
    std::array<char, frame_bytes> header{};
    std::vector<::iovec> parts;
    for (std::size_t i = 0; i < count; ++i) {
      parts.push_back({header.data(), header.size()});
      parts.push_back({const_cast<char*>(data.data()), data.size()});
    }
    const std::size_t total = count * (bytes + frame_bytes);
    return append(dir, count, [&](int fd) {
      require(
          ::writev(fd, parts.data(), static_cast<int>(parts.size())) == static_cast<ssize_t>(total),
          "writev");
      return total;
    });
  };
}

Contender raw_filling(std::size_t bytes) {
  return [bytes](const std::filesystem::path& dir) {
    const std::string filling(block, 'x');
    const double blocks = append(dir, 1, [&](int fd) {
      require(::write(fd, filling.data(), filling.size()) == static_cast<ssize_t>(filling.size()),
              "write");
      return filling.size();
    });
    return blocks * static_cast<double>(block) / static_cast<double>(bytes + frame_bytes);
  };
}

Contender raw_reading(std::size_t total, bool cold) {
  return [total, cold](const std::filesystem::path& dir) {
    const std::string filling(block, 'x');
    std::vector<std::unique_ptr<File>> files;
    for (std::size_t written = 0; written < total; written += file_bytes) {
      files.push_back(std::make_unique<File>(dir / std::to_string(files.size()),
                                             O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC));
      for (std::size_t at = 0; at < file_bytes; at += block)
        require(::write(files.back()->fd(), filling.data(), block) == static_cast<ssize_t>(block),
                "write");
      require(::fdatasync(files.back()->fd()) == 0, "fdatasync");
      if (cold) ::posix_fadvise(files.back()->fd(), 0, 0, POSIX_FADV_DONTNEED);
    }
    std::string into(block, '\0');
    const double taken = seconds_of([&] {
      for (const auto& file : files)
        for (off_t at = 0; ::pread(file->fd(), into.data(), block, at) > 0;)
          at += static_cast<off_t>(block);
    });
    return static_cast<double>(files.size() * file_bytes) / taken;
  };
}

}  // namespace rebuf::bench
