#include "bench/wal/designs.h"

#include <liburing.h>
#include <sys/uio.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "bench/wal/files.h"

namespace rebuf::bench {
namespace {

constexpr double seconds = 1.0;

// The least that lets many writers share a sync.
class GroupCommit {
 public:
  GroupCommit(const std::filesystem::path& path, Commits commits) : file_(path), commits_(commits) {
    if (commits_ == Commits::thread) thread_ = std::thread([this] { serve(); });
  }
  ~GroupCommit() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
  }
  GroupCommit(const GroupCommit&) = delete;
  GroupCommit& operator=(const GroupCommit&) = delete;

  void write(const std::string& framed) {
    std::unique_lock lock(mutex_);
    queued_ += framed;
    const std::uint64_t mine = ++last_queued_;
    if (commits_ == Commits::thread) {
      changed_.notify_all();
      changed_.wait(lock, [&] { return synced_ >= mine; });
      return;
    }
    while (synced_ < mine) {
      if (leading_) {
        changed_.wait(lock);
      } else {
        commit(lock);
      }
    }
  }

 private:
  void commit(std::unique_lock<std::mutex>& lock) {
    leading_ = true;
    std::string batch;
    batch.swap(queued_);
    const std::uint64_t last = last_queued_;
    lock.unlock();
    file_.write(batch.data(), batch.size());
    file_.sync();
    lock.lock();
    synced_ = last;
    leading_ = false;
    changed_.notify_all();
  }
  void serve() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [&] { return stop_ || last_queued_ > synced_; });
      if (stop_) return;
      commit(lock);
    }
  }

  const File file_;
  const Commits commits_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string queued_;  // guarded by mutex_, as all that follows
  std::uint64_t last_queued_ = 0;
  std::uint64_t synced_ = 0;
  bool leading_ = false;
  bool stop_ = false;
  std::thread thread_;
};

class Uring {
 public:
  Uring() { require(::io_uring_queue_init(8, &ring_, 0) == 0, "io_uring_queue_init"); }
  ~Uring() { ::io_uring_queue_exit(&ring_); }
  Uring(const Uring&) = delete;
  Uring& operator=(const Uring&) = delete;

  // The sync begins when the write has ended; both are waited for in one system call.
  void write_and_sync(int fd, const std::string& data, std::uint64_t offset) {
    ::io_uring_sqe* write = ::io_uring_get_sqe(&ring_);
    ::io_uring_prep_write(write, fd, data.data(), static_cast<unsigned>(data.size()), offset);
    write->flags |= IOSQE_IO_LINK;
    ::io_uring_prep_fsync(::io_uring_get_sqe(&ring_), fd, IORING_FSYNC_DATASYNC);
    require(::io_uring_submit_and_wait(&ring_, 2) == 2, "io_uring_submit_and_wait");
    for (int i = 0; i < 2; ++i) {
      ::io_uring_cqe* done = nullptr;
      require(::io_uring_wait_cqe(&ring_, &done) == 0 && done->res >= 0, "io_uring");
      ::io_uring_cqe_seen(&ring_, done);
    }
  }

 private:
  ::io_uring ring_{};
};

}  // namespace

Contender group_commit(std::size_t bytes, int threads, Commits commits) {
  return [=](const std::filesystem::path& dir) {
    GroupCommit log(dir / "log", commits);
    const std::string framed(frame_bytes + bytes, 'x');
    std::atomic<std::uint64_t> written{0};
    std::atomic<bool> stop{false};
    std::vector<std::thread> running;
    const double taken = seconds_of([&] {
      for (int i = 0; i < threads; ++i)
        running.emplace_back([&] {
          while (!stop) {
            log.write(framed);
            ++written;
          }
        });
      std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
      stop = true;
      for (auto& thread : running) thread.join();
    });
    return static_cast<double>(written) / taken;
  };
}

Contender pwritev_and_sync(std::size_t bytes, std::size_t count) {
  return [=](const std::filesystem::path& dir) {
    const File file(dir / "log");
    const std::string batch(count * (frame_bytes + bytes), 'x');
    off_t end = 0;
    return rate_of(seconds, count, [&] {
      ::iovec part{const_cast<char*>(batch.data()), batch.size()};
      const ssize_t written = ::pwritev(file.fd(), &part, 1, end);
      require(written == static_cast<ssize_t>(batch.size()), "pwritev");
      file.sync();
      end += written;
    });
  };
}

Contender uring_write_and_sync(std::size_t bytes, std::size_t count) {
  return [=](const std::filesystem::path& dir) {
    const File file(dir / "log");
    const std::string batch(count * (frame_bytes + bytes), 'x');
    Uring ring;
    std::uint64_t end = 0;
    return rate_of(seconds, count, [&] {
      ring.write_and_sync(file.fd(), batch, end);
      end += batch.size();
    });
  };
}

}  // namespace rebuf::bench
