#include <sys/statvfs.h>

#include <filesystem>

#include "config/checks.h"
#include "config/closest.h"
#include "config/size.h"

namespace rebuf::config {
namespace {

void check_route(const Checked& checked, const RouteConfig& route) {
  const std::string base = "routes." + route.name + ".";
  const std::string of_route = " of route " + in_ticks(route.name);
  const Buffer& buffer = route.buffer;
  const Places& places = checked.places;
  const std::uint64_t memory = checked.config.limits.memory;
  if (!places.sound(base + "buffer") || !places.sound(base + "window")) return;

  const bool by_segments =
      places.given(base + "buffer.max_segments") && !places.given(base + "buffer.max_bytes");
  const std::string capacity = base + (by_segments ? "buffer.max_segments" : "buffer.max_bytes");
  // Where to change something: the capacity, if it is not the default.
  const auto place = [&](const std::string& other) {
    return places.at(places.given(capacity) ? capacity : base + other);
  };
  // While one segment is being drained, the other takes what comes in.
  if (buffer.max_bytes < 2 * buffer.segment_size)
    checked.report.mistake(
        place("buffer.segment_size"),
        "`buffer.max_bytes`" + of_route + " (" + format_size(buffer.max_bytes) +
            ") is less than two segments (" + format_size(buffer.segment_size) + " each)",
        "at least `" + format_size(2 * buffer.segment_size) + "`, or a smaller `segment_size`");
  // When the sink fails, a whole window goes to the log while another is let in.
  if (buffer.max_bytes < 2 * route.window_max_bytes)
    checked.report.mistake(place("window.max_bytes"),
                           "`buffer.max_bytes`" + of_route + " (" + format_size(buffer.max_bytes) +
                               ") is less than two windows (" +
                               format_size(route.window_max_bytes) + " each)",
                           "at least `" + format_size(2 * route.window_max_bytes) +
                               "`, or a smaller `window.max_bytes`");
  // Sinks hold at most half of the memory, so that an outage has room to write.
  if (route.window_max_bytes > memory / 2 && places.sound("limits.memory"))
    checked.report.mistake(
        places.at(base + "window.max_bytes"),
        "`window.max_bytes`" + of_route + " (" + format_size(route.window_max_bytes) +
            ") is more than half of `limits.memory` (" + format_size(memory) + ")",
        "at most `" + format_size(memory / 2) + "`, or more memory");
}

// All that the routes may fill: the log, the dead letters, four segments of quarantine, and the
// idempotency keys with their answers.
std::uint64_t total_capacity(const Config& config) {
  constexpr std::uint64_t quarantined_segments = 4;
  std::uint64_t total = config.limits.keep_free;
  for (const RouteConfig& route : config.routes)
    total += route.buffer.max_bytes + route.dead_letters_max_bytes +
             quarantined_segments * route.buffer.segment_size +
             idempotency_bytes_per_key * route.idempotency_max_keys;
  return total;
}

void check_file_system(const Checked& checked) {
  if (checked.config.data_dir.empty() || !checked.places.sound("data_dir")) return;
  std::error_code error;
  std::filesystem::path path = checked.config.data_dir;
  if (std::filesystem::exists(path, error) && !std::filesystem::is_directory(path, error)) {
    checked.report.mistake(checked.places.at("data_dir"),
                           "`data_dir` " + in_ticks(path.string()) + " is not a directory");
    return;
  }
  while (!std::filesystem::exists(path, error) && path.has_relative_path())
    path = path.parent_path();
  struct statvfs info {};
  if (::statvfs(path.c_str(), &info) != 0) return;
  const std::uint64_t disk = std::uint64_t{info.f_blocks} * info.f_frsize;
  const std::uint64_t wanted = total_capacity(checked.config);
  const auto in_MiB = [](std::uint64_t bytes) { return format_size(bytes / MiB * MiB); };
  if (wanted > disk)
    checked.report.warning(checked.places.at("data_dir"),
                           "the routes may fill " + in_MiB(wanted) +
                               " with `keep_free`, and the file system of " +
                               in_ticks(checked.config.data_dir) + " has " + in_MiB(disk),
                           "lower `buffer.max_bytes`: 503 comes when the disk is full, not later");
}

}  // namespace

void check_capacity(const Checked& checked) {
  const Config& config = checked.config;
  for (const RouteConfig& route : config.routes) check_route(checked, route);
  if (config.http.max_body > config.limits.memory && checked.places.sound("http.max_body") &&
      checked.places.sound("limits.memory"))
    checked.report.mistake(checked.places.at("http.max_body"),
                           "`http.max_body` (" + format_size(config.http.max_body) +
                               ") is more than `limits.memory` (" +
                               format_size(config.limits.memory) + ")",
                           "such a request could never be taken");
  check_file_system(checked);
}

}  // namespace rebuf::config
