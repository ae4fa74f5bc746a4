#include "tests/wal/real/commands.h"

#include <doctest/doctest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <iterator>

namespace rebuf::test {
namespace {

std::string hex(const std::string& data) {
  static constexpr const char* digits = "0123456789abcdef";
  std::string text;
  for (const char c : data) {
    text.push_back(digits[static_cast<unsigned char>(c) >> 4]);
    text.push_back(digits[static_cast<unsigned char>(c) & 15]);
  }
  return text;
}

std::string unhex(const std::string& text) {
  std::string data;
  for (std::size_t at = 0; at + 1 < text.size(); at += 2)
    data.push_back(static_cast<char>(std::stoi(text.substr(at, 2), nullptr, 16)));
  return data;
}

const std::string script = REBUF_GO_FORMAT;

}  // namespace

Ran run(const std::string& command) {
  Ran ran;
  std::FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::array<char, 4096> buffer{};
  for (std::size_t got = 0; (got = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
    ran.output.append(buffer.data(), got);
  const int status = ::pclose(pipe);
  if (WIFEXITED(status)) ran.exit_code = WEXITSTATUS(status);
  return ran;
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE_MESSAGE(file, path);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_file(const std::filesystem::path& path, const std::string& content) {
  std::ofstream file(path, std::ios::binary);
  file << content;
  REQUIRE_MESSAGE(file.flush(), path);
}

void go_format::write(const std::filesystem::path& dir, const std::vector<std::string>& entries,
                      std::uint64_t max_log_size, std::uint64_t max_segments) {
  const TemporaryDirectory input;
  std::string lines;
  for (const std::string& entry : entries) lines += hex(entry) + "\n";
  write_file(input.path() / "lines", lines);
  const Ran ran = run(script + " write " + dir.string() + " --max-log-size " +
                      std::to_string(max_log_size) + " --max-segments " +
                      std::to_string(max_segments) + " < " + (input.path() / "lines").string());
  REQUIRE_MESSAGE(ran.exit_code == 0, ran.output);
}

std::vector<std::string> go_format::read(const std::filesystem::path& dir) {
  const Ran ran = run(script + " read " + dir.string());
  REQUIRE_MESSAGE(ran.exit_code == 0, ran.output);
  const std::string before = "\"data\": \"";
  std::vector<std::string> entries;
  for (std::size_t at = 0; (at = ran.output.find(before, at)) != std::string::npos;) {
    at += before.size();
    entries.push_back(unhex(ran.output.substr(at, ran.output.find('"', at) - at)));
  }
  return entries;
}

Ran go_format::check(const std::vector<std::filesystem::path>& dirs) {
  std::string command = script + " check";
  for (const auto& dir : dirs) command += " " + dir.string();
  return run(command);
}

}  // namespace rebuf::test
