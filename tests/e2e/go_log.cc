#include "go_log.h"

#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/support/program.h"
#include "tests/support/temporary_directory.h"

namespace rebuf::e2e {
namespace {

std::string hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char character : bytes) {
    const auto byte = static_cast<unsigned char>(character);
    text += digits[byte >> 4U];
    text += digits[byte & 15U];
  }
  return text;
}

std::string bytes_of(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16));
  return bytes;
}

test::Finished go_format(const std::string& arguments) {
  return test::run({"sh", "-c", std::string("exec python3 ") + REBUF_GO_FORMAT + " " + arguments});
}

}  // namespace

void go_write(const std::filesystem::path& dir, const std::vector<std::string_view>& rows,
              std::uint64_t max_log_size) {
  const test::TemporaryDirectory scratch;
  const std::filesystem::path lines = scratch.path() / "lines";
  {
    std::ofstream file(lines);
    for (const std::string_view row : rows) file << hex(row) << '\n';
  }
  const test::Finished written =
      go_format("write '" + dir.string() + "' --max-log-size " + std::to_string(max_log_size) +
                " --max-segments 100000 < '" + lines.string() + "'");
  REQUIRE_MESSAGE(written.code == 0, written.errors);
}

std::vector<GoEntry> go_read(const std::filesystem::path& dir) {
  const test::Finished read = go_format("read '" + dir.string() + "'");
  REQUIRE_MESSAGE(read.code == 0, read.errors);
  std::vector<GoEntry> entries;
  std::istringstream lines(read.output);
  for (std::string line; std::getline(lines, line);) {
    const auto entry = nlohmann::json::parse(line);
    entries.push_back({entry.at("file"), entry.at("offset"),
                       bytes_of(entry.at("data").get_ref<const std::string&>())});
  }
  return entries;
}

std::string go_complaints(const std::filesystem::path& dir) {
  const test::Finished checked = go_format("check '" + dir.string() + "'");
  return checked.code == 0 ? std::string()
                           : "go_format.py check: " + checked.output + checked.errors;
}

void flip_bit(const std::filesystem::path& file, std::uint64_t offset) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekg(static_cast<std::streamoff>(offset));
  const int byte = stream.get();
  REQUIRE(byte != std::char_traits<char>::eof());
  stream.seekp(static_cast<std::streamoff>(offset));
  stream.put(static_cast<char>(byte ^ 1));
  REQUIRE(stream.flush().good());
}

void append(const std::filesystem::path& file, std::string_view bytes) {
  std::ofstream stream(file, std::ios::app | std::ios::binary);
  stream << bytes;
  REQUIRE(stream.flush().good());
}

}  // namespace rebuf::e2e
