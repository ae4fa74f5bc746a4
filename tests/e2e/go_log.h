// Log directories by way of tests/wal/go_format.py, which shares nothing with wal/; and damage done
// to them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace rebuf::e2e {

struct GoEntry {
  std::string file;
  std::uint64_t offset = 0;  // of its header
  std::string data;
};

// As the Go library writes them. The directory is made.
void go_write(const std::filesystem::path& dir, const std::vector<std::string_view>& rows,
              std::uint64_t max_log_size);
// Every entry in order; fails the test where the Go library's replay would.
[[nodiscard]] std::vector<GoEntry> go_read(const std::filesystem::path& dir);
// What in the directory is not a whole entry; empty when the Go library accepts all of it.
[[nodiscard]] std::string go_complaints(const std::filesystem::path& dir);

// Inverts the lowest bit of a byte.
void flip_bit(const std::filesystem::path& file, std::uint64_t offset);
void append(const std::filesystem::path& file, std::string_view bytes);

}  // namespace rebuf::e2e
