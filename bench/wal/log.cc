#include "bench/wal/log.h"

#include <fcntl.h>
#include <rebuf/log.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "bench/wal/raw.h"

namespace rebuf::bench {
namespace {

constexpr double seconds = 1.0;

Options options_of(SyncStrategy strategy, std::uint64_t preallocate = 0) {
  Options options;
  options.max_log_size = segment_bytes;
  options.max_segments = Options::unlimited;
  options.sync_strategy = strategy;
  options.preallocate = preallocate;
  return options;
}

std::unique_ptr<Log> open(const std::filesystem::path& dir, Options options) {
  auto log = Log::open(dir / "log", std::move(options));
  require(log.ok(), log.ok() ? "" : log.status().message());
  return std::move(*log);
}

Bytes bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

// `threads` that write until they are stopped.
class Writers {
 public:
  Writers(Log& log, std::size_t bytes, int threads) {
    for (int i = 0; i < threads; ++i)
      threads_.emplace_back([this, &log, bytes] {
        const std::string entry(bytes, 'x');
        std::vector<double> times;
        while (!stop_.load(std::memory_order_relaxed)) {
          times.push_back(seconds_of([&] { require(log.write(bytes_of(entry)).ok(), "write"); }));
          written_.fetch_add(1, std::memory_order_relaxed);
        }
        const std::lock_guard lock(mutex_);
        times_.insert(times_.end(), times.begin(), times.end());
      });
  }
  // Stops them after `for_seconds`. Entries a second.
  double rate(double for_seconds) {
    const std::uint64_t before = written_;
    const double taken = seconds_of(
        [&] { std::this_thread::sleep_for(std::chrono::duration<double>(for_seconds)); });
    const std::uint64_t after = written_;
    stop_ = true;
    for (auto& thread : threads_) thread.join();
    return static_cast<double>(after - before) / taken;
  }
  // Of all writes, once they are stopped.
  [[nodiscard]] const std::vector<double>& times() const { return times_; }

 private:
  std::atomic<bool> stop_{false};
  std::atomic<std::uint64_t> written_{0};
  std::mutex mutex_;
  std::vector<double> times_;  // guarded by mutex_; seconds
  std::vector<std::thread> threads_;
};

// A log of `total` bytes in entries of `bytes`; `cold`: not in the page cache.
std::unique_ptr<Log> written_log(const std::filesystem::path& dir, std::size_t bytes,
                                 std::size_t total, bool cold) {
  auto log = open(dir, options_of(SyncStrategy::manual));
  const std::string entry(bytes, 'x');
  const std::vector<Bytes> batch(100, bytes_of(entry));
  for (std::size_t written = 0; written < total; written += batch.size() * (bytes + frame_bytes))
    require(log->write_batch(batch).ok(), "write_batch");
  require(log->sync().ok(), "sync");
  if (!cold) return log;
  for (const auto& file : std::filesystem::directory_iterator(dir / "log")) {
    const int fd = ::open(file.path().c_str(), O_RDONLY | O_CLOEXEC);
    require(fd >= 0, "open");
    ::fdatasync(fd);
    ::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    ::close(fd);
  }
  return log;
}

}  // namespace

Contender log_synced(std::size_t bytes, int threads, std::uint64_t preallocate) {
  return [=](const std::filesystem::path& dir) {
    const auto log = open(dir, options_of(SyncStrategy::every_write, preallocate));
    if (threads > 1) return Writers(*log, bytes, threads).rate(seconds);
    const std::string entry(bytes, 'x');
    return rate_of(seconds, 1, [&] { require(log->write(bytes_of(entry)).ok(), "write"); });
  };
}

Contender log_synced_batches(std::size_t bytes, std::size_t count, std::uint64_t preallocate) {
  return [=](const std::filesystem::path& dir) {
    const auto log = open(dir, options_of(SyncStrategy::every_write, preallocate));
    const std::string entry(bytes, 'x');
    const std::vector<Bytes> batch(count, bytes_of(entry));
    return rate_of(seconds, count, [&] { require(log->write_batch(batch).ok(), "write_batch"); });
  };
}

Contender log_synced_p99(std::size_t bytes, int threads) {
  return [=](const std::filesystem::path& dir) {
    const auto log = open(dir, options_of(SyncStrategy::every_write));
    Writers writers(*log, bytes, threads);
    writers.rate(seconds);
    return 1e6 * quantile(writers.times(), 0.99);
  };
}

Contender log_appending(std::size_t bytes, std::size_t outstanding, bool synced) {
  return [=](const std::filesystem::path& dir) {
    std::mutex mutex;
    std::condition_variable room;
    std::size_t open_appends = 0;
    std::uint64_t done = 0;
    Options options = options_of(synced ? SyncStrategy::every_write : SyncStrategy::manual);
    options.on_appended = [&](std::span<const Appended> groups) {
      const std::lock_guard lock(mutex);
      open_appends -= groups.size();
      done += groups.size();
      room.notify_one();
    };
    const auto log = open(dir, std::move(options));
    const std::string entry(bytes, 'x');
    const Bytes data = bytes_of(entry);
    const std::uint64_t most = unsynced_bytes / (bytes + frame_bytes);
    const auto begin = std::chrono::steady_clock::now();
    const auto passed = [&] {
      return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    };
    std::uint64_t appended = 0;
    while (synced ? passed() < seconds : appended < most) {
      std::size_t free = 0;
      {
        std::unique_lock lock(mutex);
        room.wait(lock, [&] { return open_appends <= outstanding / 2; });
        free = outstanding - open_appends;
        open_appends += free;
      }
      for (std::size_t i = 0; i < free; ++i)
        require(log->append(std::span(&data, 1), i).ok(), "append");
      appended += free;
    }
    std::unique_lock lock(mutex);
    room.wait(lock, [&] { return open_appends == 0; });
    return static_cast<double>(done) / passed();
  };
}

Contender log_unsynced(std::size_t bytes) {
  return [=](const std::filesystem::path& dir) {
    const auto log = open(dir, options_of(SyncStrategy::manual));
    const std::string entry(bytes, 'x');
    return rate_over(unsynced_bytes / (bytes + frame_bytes), 1,
                     [&] { require(log->write(bytes_of(entry)).ok(), "write"); });
  };
}

Contender log_batches(std::size_t bytes, std::size_t count) {
  return [=](const std::filesystem::path& dir) {
    const auto log = open(dir, options_of(SyncStrategy::manual));
    const std::string entry(bytes, 'x');
    const std::vector<Bytes> batch(count, bytes_of(entry));
    return rate_over(unsynced_bytes / (bytes + frame_bytes), count,
                     [&] { require(log->write_batch(batch).ok(), "write_batch"); });
  };
}

Contender log_replay(std::size_t bytes, std::size_t total, bool cold) {
  return [=](const std::filesystem::path& dir) {
    const auto log = written_log(dir, bytes, total, cold);
    std::uint64_t read = 0;
    const double taken = seconds_of([&] {
      const Status status = log->replay([&](Bytes data) {
        read += data.size() + frame_bytes;
        return Status{};
      });
      require(status.ok(), status.message());
    });
    return static_cast<double>(read) / taken;
  };
}

Contender raw_replay(std::size_t bytes, std::size_t total, bool cold) {
  return [=](const std::filesystem::path& dir) {
    const auto log = written_log(dir, bytes, total, cold);
    constexpr std::size_t block = 256U << 10;
    std::string into(block, '\0');
    std::uint64_t read = 0;
    const double taken = seconds_of([&] {
      for (const auto& file : std::filesystem::directory_iterator(dir / "log")) {
        const int fd = ::open(file.path().c_str(), O_RDONLY | O_CLOEXEC);
        require(fd >= 0, "open");
        off_t at = 0;
        for (ssize_t n = 0; (n = ::pread(fd, into.data(), block, at)) > 0;) at += n;
        ::close(fd);
        read += static_cast<std::uint64_t>(at);
      }
    });
    return static_cast<double>(read) / taken;
  };
}

Contender log_synced_while_read(std::size_t bytes) {
  return [=](const std::filesystem::path& dir) {
    const auto log = open(dir, options_of(SyncStrategy::every_write));
    std::atomic<bool> stop{false};
    std::thread replayer([&] {
      while (!stop) require(log->replay([](Bytes) { return Status{}; }).ok(), "replay");
    });
    std::thread follower([&] {
      const auto reader = log->reader({});
      while (!stop) {
        if (!reader->wait(std::chrono::milliseconds(10))) continue;
        require(reader->next(1U << 20).ok(), "next");
      }
    });
    const double rate = Writers(*log, bytes, 16).rate(seconds);
    stop = true;
    replayer.join();
    follower.join();
    return rate;
  };
}

}  // namespace rebuf::bench
