#include "bench/wal/raw.h"

#include <sys/uio.h>

#include <memory>
#include <string>
#include <vector>

#include "bench/wal/files.h"

namespace rebuf::bench {
namespace {

constexpr double seconds = 1.0;
constexpr std::size_t block = 256U << 10;

}  // namespace

Contender raw_synced(std::size_t bytes, Durable durable, Space space) {
  return [=](const std::filesystem::path& dir) {
    Segments segments(dir, durable == Durable::o_dsync ? O_DSYNC : 0, space);
    Frame frame(bytes);
    const std::string data(bytes, 'x');
    return rate_of(seconds, 1, [&] {
      const std::string& framed = frame.make(data);
      const File& file = segments.file_for(framed.size());
      file.write(framed.data(), framed.size());
      if (durable == Durable::fdatasync) file.sync();
    });
  };
}

Contender raw_sync_time(std::size_t bytes) {
  return [=](const std::filesystem::path& dir) {
    Segments segments(dir);
    const std::string framed(frame_bytes + bytes, 'x');
    std::vector<double> times;
    rate_of(seconds, 1, [&] {
      times.push_back(1e6 * seconds_of([&] {
                        const File& file = segments.file_for(framed.size());
                        file.write(framed.data(), framed.size());
                        file.sync();
                      }));
    });
    return quantile(std::move(times), 0.5);
  };
}

Contender raw_unsynced(std::size_t bytes) {
  return [=](const std::filesystem::path& dir) {
    Segments segments(dir);
    Frame frame(bytes);
    const std::string data(bytes, 'x');
    return rate_over(unsynced_bytes / (frame_bytes + bytes), 1, [&] {
      const std::string& framed = frame.make(data);
      segments.file_for(framed.size()).write(framed.data(), framed.size());
    });
  };
}

Contender raw_vectored(std::size_t bytes, std::size_t count) {
  return [=](const std::filesystem::path& dir) {
    Segments segments(dir);
    Frame frame(bytes);
    std::string framed = frame.make(std::string(bytes, 'x'));
    std::vector<::iovec> parts;
    for (std::size_t i = 0; i < count; ++i) {
      parts.push_back({framed.data(), frame_bytes});
      parts.push_back({framed.data() + frame_bytes, bytes});
    }
    const std::size_t total = count * framed.size();
    return rate_over(unsynced_bytes / framed.size(), count, [&] {
      const int fd = segments.file_for(total).fd();
      const ssize_t written = ::writev(fd, parts.data(), static_cast<int>(parts.size()));
      require(written == static_cast<ssize_t>(total), "writev");
    });
  };
}

Contender raw_filling(std::size_t bytes) {
  return [=](const std::filesystem::path& dir) {
    Segments segments(dir);
    const std::string filling(block, 'x');
    const double blocks = rate_over(unsynced_bytes / block, 1,
                                    [&] { segments.file_for(block).write(filling.data(), block); });
    return blocks * static_cast<double>(block) / static_cast<double>(bytes + frame_bytes);
  };
}

}  // namespace rebuf::bench
