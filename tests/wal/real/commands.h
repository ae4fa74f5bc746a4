// Commands and files on a real file system, beside a directory of the test's own.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/temporary_directory.h"

namespace rebuf::test {

struct Ran {
  int exit_code = -1;
  std::string output;  // both streams
};
// Through the shell.
[[nodiscard]] Ran run(const std::string& command);

[[nodiscard]] std::string read_file(const std::filesystem::path& path);
void write_file(const std::filesystem::path& path, const std::string& content);

// The independent reader and writer of the format, tests/wal/go_format.py.
namespace go_format {
void write(const std::filesystem::path& dir, const std::vector<std::string>& entries,
           std::uint64_t max_log_size, std::uint64_t max_segments);
[[nodiscard]] std::vector<std::string> read(const std::filesystem::path& dir);
[[nodiscard]] Ran check(const std::vector<std::filesystem::path>& dirs);
}  // namespace go_format

}  // namespace rebuf::test
