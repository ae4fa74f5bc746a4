// The process itself: build, disk and the process_* metrics that every Prometheus client has.
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>

#include "daemon/admin/families.h"
#include "daemon/admin/metrics.h"

namespace rebuf::daemon::admin {
namespace {

using prometheus::MetricType;

void single(Families& families, MetricType type, std::string name, std::string help, double value) {
  Family(families, std::move(name), std::move(help), type).add({}, value);
}

// From /proc/self/stat; proc(5).
struct ProcessStat {
  double virtual_bytes = 0;
  double resident_bytes = 0;
  double threads = 0;
  double start_ticks = 0;  // since boot
};

std::optional<ProcessStat> read_stat() {
  std::ifstream file("/proc/self/stat");
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  const std::size_t name_end = line.rfind(')');  // the name may hold anything
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(line.substr(name_end + 2));
  std::string skipped;
  ProcessStat stat;
  constexpr int first = 3, threads = 20, start = 22, virtual_size = 23, resident = 24;
  for (int field = first; field <= resident; ++field) {
    double* into = field == threads        ? &stat.threads
                   : field == start        ? &stat.start_ticks
                   : field == virtual_size ? &stat.virtual_bytes
                   : field == resident     ? &stat.resident_bytes
                                           : nullptr;
    if (into != nullptr)
      fields >> *into;
    else
      fields >> skipped;
  }
  if (!fields) return std::nullopt;
  stat.resident_bytes *= static_cast<double>(::sysconf(_SC_PAGESIZE));
  return stat;
}

double boot_time_seconds() {
  std::ifstream file("/proc/stat");
  std::string line;
  while (std::getline(file, line))
    if (line.starts_with("btime ")) return std::stod(line.substr(6));
  return 0;
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
  add_disk(families, sources.data_dir);
  single(families, MetricType::Counter, "process_cpu_seconds_total", "User and system CPU time",
         cpu_seconds());
  single(families, MetricType::Gauge, "process_open_fds", "Open file descriptors", open_files());
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0)
    single(families, MetricType::Gauge, "process_max_fds", "Limit of open file descriptors",
           static_cast<double>(limit.rlim_cur));
  if (const std::optional<ProcessStat> stat = read_stat()) {
    single(families, MetricType::Gauge, "process_virtual_memory_bytes", "Virtual memory",
           stat->virtual_bytes);
    single(families, MetricType::Gauge, "process_resident_memory_bytes", "Resident memory",
           stat->resident_bytes);
    single(families, MetricType::Gauge, "process_threads", "Threads", stat->threads);
    single(families, MetricType::Gauge, "process_start_time_seconds",
           "When the process began, since the epoch",
           boot_time_seconds() + stat->start_ticks / static_cast<double>(::sysconf(_SC_CLK_TCK)));
  }
}

}  // namespace rebuf::daemon::admin
