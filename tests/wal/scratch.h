// What the log's tests share: a directory of their own, bytes and files in short words.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "rebuf/log.h"
#include "tests/support/temporary_directory.h"

namespace rebuf::test {

inline Bytes bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

inline std::string text(Bytes data) {
  return {reinterpret_cast<const char*>(data.data()), data.size()};
}

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void write_file(const std::filesystem::path& path, std::string_view content) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(content.data(), static_cast<std::streamsize>(content.size()));
}

// An entry as it stands on disk.
inline std::string framed(std::string_view data) {
  const auto crc = [&] {
    std::uint32_t value = ~0U;
    for (const char c : data) {
      value ^= static_cast<unsigned char>(c);
      for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1U) * 0xEDB88320U);
    }
    return ~value;
  }();
  std::string entry;
  for (int shift = 56; shift >= 0; shift -= 8) {
    entry.push_back(static_cast<char>(static_cast<std::uint64_t>(data.size()) >> shift));
  }
  for (int shift = 24; shift >= 0; shift -= 8) entry.push_back(static_cast<char>(crc >> shift));
  entry += data;
  return entry;
}

inline std::vector<std::string> names_in(const std::filesystem::path& dir) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(dir)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

inline std::vector<std::string> replayed(Log& log, SegmentId from = 0) {
  std::vector<std::string> entries;
  const Status status = log.replay_from(from, [&](Bytes data) {
    entries.push_back(text(data));
    return Status{};
  });
  if (!status) entries.push_back("replay: " + status.message());
  return entries;
}

// Segments of `bytes` for quick rotation; nothing is dropped.
inline Options small_segments(std::uint64_t bytes) {
  Options options;
  options.max_log_size = bytes;
  options.max_segments = 1000;
  return options;
}

inline std::unique_ptr<Log> opened(const std::filesystem::path& dir, const Options& options = {}) {
  auto log = Log::open(dir, options);
  if (!log) throw std::runtime_error(log.status().message());
  return std::move(log).value();
}

}  // namespace rebuf::test
