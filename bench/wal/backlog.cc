#include "bench/wal/backlog.h"

#include <rebuf/log.h>
#include <sys/wait.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "bench/wal/files.h"

namespace rebuf::bench {
namespace {

void make(const std::filesystem::path& log_dir, const Backlog& backlog) {
  std::filesystem::create_directories(log_dir);
  if (backlog.segments == 0) return;
  Frame frame(backlog.segment_bytes - frame_bytes);
  const std::string framed = frame.make(std::string(backlog.segment_bytes - frame_bytes, '\0'));
  for (std::uint64_t id = 0; id < backlog.segments; ++id) {
    const File file(log_dir / ("rebuf-" + std::to_string(id)));
    file.allocate(backlog.segment_bytes);
    require(::pwrite(file.fd(), framed.data(), frame_bytes, 0) == frame_bytes, "pwrite");
    file.sync();
  }
}

std::unique_ptr<Log> open(const std::filesystem::path& dir) {
  Options options;
  options.max_segments = Options::unlimited;
  auto log = Log::open(dir / "log", std::move(options));
  require(log.ok(), log.ok() ? "" : log.status().message());
  return std::move(*log);
}

// A line of /proc/self/status, bytes.
double memory(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    double kilobytes = 0;
    if (word == name + ":" && status >> kilobytes) return kilobytes * 1024;
  }
  return 0;
}

// Of a process of its own, so that nothing else has its hand in its memory.
double in_child(const std::function<double()>& measure) {
  int ends[2] = {};
  require(::pipe(ends) == 0, "pipe");
  const pid_t child = ::fork();
  require(child >= 0, "fork");
  if (child == 0) {
    const double value = measure();
    const bool told = ::write(ends[1], &value, sizeof value) == sizeof value;
    ::_exit(told ? 0 : 1);
  }
  double value = 0;
  require(::read(ends[0], &value, sizeof value) == sizeof value, "read");
  ::waitpid(child, nullptr, 0);
  for (const int end : ends) ::close(end);
  return value;
}

double memory_of_open(const std::filesystem::path& dir) {
  return in_child([&] {
    const double before = memory("VmRSS");
    const auto log = open(dir);
    return memory("VmHWM") - before;
  });
}

// The longest of the writes that another thread makes meanwhile, in medians of those before.
double longest_while(const std::function<void()>& purge, const std::function<void()>& write) {
  std::atomic<bool> purging{false};
  std::atomic<bool> stop{false};
  std::vector<double> before;
  std::vector<double> during;
  std::thread writer([&] {
    while (!stop) {
      auto& times = purging ? during : before;
      times.push_back(seconds_of(write));
    }
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  purging = true;
  purge();
  stop = true;
  writer.join();
  return during.empty() ? 0 : *std::ranges::max_element(during) / quantile(before, 0.5);
}

}  // namespace

Contender time_to_open(const Backlog& backlog) {
  return [=](const std::filesystem::path& dir) {
    make(dir / "log", backlog);
    std::unique_ptr<Log> log;
    return 1e3 * seconds_of([&] { log = open(dir); });
  };
}

Contender memory_to_open(const Backlog& backlog) {
  return [=](const std::filesystem::path& dir) {
    make(dir / "full/log", backlog);
    make(dir / "empty/log", {});
    return (memory_of_open(dir / "full") - memory_of_open(dir / "empty")) / 1e6;
  };
}

Contender longest_write_in_purge(const Backlog& backlog, std::size_t bytes) {
  return [=](const std::filesystem::path& dir) {
    make(dir / "log", backlog);
    const auto log = open(dir);
    const std::string entry(bytes, 'x');
    return longest_while(
        [&] { require(log->purge_through(backlog.segments - 1).ok(), "purge_through"); },
        [&] { require(log->write(std::as_bytes(std::span(entry))).ok(), "write"); });
  };
}

Contender longest_write_in_unlinks(const Backlog& backlog, std::size_t bytes) {
  return [=](const std::filesystem::path& dir) {
    make(dir / "log", backlog);
    const File active(dir / "log/active");
    const std::string framed(bytes + frame_bytes, 'x');
    const auto unlink_all = [&] {
      for (std::uint64_t id = 0; id < backlog.segments; ++id)
        std::filesystem::remove(dir / "log" / ("rebuf-" + std::to_string(id)));
    };
    return longest_while(unlink_all, [&] {
      active.write(framed.data(), framed.size());
      active.sync();
    });
  };
}

}  // namespace rebuf::bench
