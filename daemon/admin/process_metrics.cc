// The process itself: build, disk and the process_* metrics that every Prometheus client has.
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "daemon/admin/families.h"
#include "daemon/admin/metrics.h"

namespace rebuf::daemon::admin {
namespace {

using prometheus::MetricType;

void single(Families& families, MetricType type, std::string name, std::string help, double value) {
  Family(families, std::move(name), std::move(help), type).add({}, value);
}

struct Memory {
  double virtual_bytes = 0;
  double resident_bytes = 0;
};

// From /proc/self/statm, in pages; proc(5).
std::optional<Memory> read_memory() {
  std::ifstream file("/proc/self/statm");
  Memory memory;
  if (!(file >> memory.virtual_bytes >> memory.resident_bytes)) return std::nullopt;
  const auto page_bytes = static_cast<double>(::sysconf(_SC_PAGESIZE));
  memory.virtual_bytes *= page_bytes;
  memory.resident_bytes *= page_bytes;
  return memory;
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double open_files() {
  std::error_code error;
  const std::filesystem::directory_iterator files("/proc/self/fd", error);
  if (error) return 0;
  const auto count = std::distance(begin(files), end(files));
  return static_cast<double>(count - 1);  // without the one that reads the directory
}

void add_disk(Families& families, const std::string& data_dir) {
  struct statvfs disk {};
  if (::statvfs(data_dir.c_str(), &disk) != 0) return;
  single(families, MetricType::Gauge, "rebufd_data_dir_free_bytes",
         "Free on the file system of data_dir",
         static_cast<double>(disk.f_bavail) * static_cast<double>(disk.f_frsize));
}

}  // namespace

void add_process(Families& families, const AdminSources& sources) {
  Family(families, "rebufd_build_info", "1, with the version", MetricType::Gauge)
      .add({{"version", sources.version}}, 1.0);
  const bool loaded = sources.reload == nullptr || sources.reload->last_successful();
  single(families, MetricType::Gauge, "rebufd_config_last_reload_successful",
         "0 after a reload of the configuration that was refused", loaded ? 1 : 0);
  add_disk(families, sources.data_dir);
  single(families, MetricType::Counter, "process_cpu_seconds_total", "User and system CPU time",
         cpu_seconds());
  single(families, MetricType::Gauge, "process_open_fds", "Open file descriptors", open_files());
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0)
    single(families, MetricType::Gauge, "process_max_fds", "Limit of open file descriptors",
           static_cast<double>(limit.rlim_cur));
  single(families, MetricType::Gauge, "process_start_time_seconds",
         "When the process began, since the epoch",
         std::chrono::duration<double>(sources.started_at.time_since_epoch()).count());
  if (const std::optional<Memory> memory = read_memory()) {
    single(families, MetricType::Gauge, "process_virtual_memory_bytes", "Virtual memory",
           memory->virtual_bytes);
    single(families, MetricType::Gauge, "process_resident_memory_bytes", "Resident memory",
           memory->resident_bytes);
  }
}

}  // namespace rebuf::daemon::admin
