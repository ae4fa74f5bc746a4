// docs/wal_format.md shows what the code writes: each dump on the page is made again here and
// compared. After a change of the format this test prints what the page must say.
#include <doctest/doctest.h>

#include <array>
#include <cstdio>

#include "daemon/envelope.h"
#include "tests/wal/real/commands.h"
#include "tests/wal/sim/session.h"

namespace rebuf::test {
namespace {

std::string hex(std::size_t value, int digits) {
  std::array<char, 24> text{};
  std::snprintf(text.data(), text.size(), "%0*zx", digits, value);
  return text.data();
}

// Lines of 16 bytes: "0000  00 01 …  |..|".
std::string dump(std::string_view bytes) {
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 16) {
    text += hex(at, 4) + " ";
    std::string letters;
    for (const char c : bytes.substr(at, 16)) {
      text += " " + hex(static_cast<unsigned char>(c), 2);
      letters.push_back(c >= 0x20 && c < 0x7F ? c : '.');
    }
    text += std::string(3 * (16 - letters.size()), ' ') + "  |" + letters + "|\n";
  }
  return text;
}

// The fenced block that follows `<!-- dump: name -->` on the page.
std::string on_page(const std::string& name) {
  const std::string page = read_file(REBUF_FORMAT_PAGE);
  const std::string before = "<!-- dump: " + name + " -->\n```text\n";
  const std::size_t begin = page.find(before);
  REQUIRE_MESSAGE(begin != std::string::npos, before);
  const std::size_t from = begin + before.size();
  return page.substr(from, page.find("```", from) - from);
}

void same_as_page(const std::string& name, std::string_view bytes) {
  const std::string made = dump(bytes);
  CHECK_MESSAGE(on_page(name) == made, "the page must say\n" << made);
}

std::string content(const SimFileSystem& fs, const char* path) {
  const Disk disk = fs.disk();
  REQUIRE(disk.find(path));
  return disk.content(*disk.find(path));
}

std::unique_ptr<Log> two_entries(SimFileSystem& fs) {
  Options options;
  options.file_system = &fs;
  auto log = Log::open(log_dir, options);
  REQUIRE(log);
  REQUIRE((*log)->write(bytes_of("Hello world")).ok());
  REQUIRE((*log)->write(bytes_of("!")).ok());
  return std::move(*log);
}

TEST_CASE("the page's dump of two entries is what the code writes") {
  SimFileSystem fs;
  REQUIRE(two_entries(fs)->close().ok());
  same_as_page("entries", content(fs, "/log/rebuf.tmp"));
}

TEST_CASE("the page's dump of a cursor is what the code writes") {
  SimFileSystem fs;
  const auto log = two_entries(fs);
  Cursor cursor;
  cursor.position = {0, 23};
  cursor.ordinal = 2;
  const Bytes user = bytes_of("user");
  cursor.user.assign(user.begin(), user.end());
  REQUIRE(log->save_cursor(cursor).ok());
  same_as_page("cursor", content(fs, "/log.state/cursor"));
}

TEST_CASE("the page's dump of an envelope is what the code writes") {
  daemon::Envelope envelope;
  envelope.ordinal = 1;
  for (std::size_t i = 0; i < envelope.id.bytes.size(); ++i)
    envelope.id.bytes.at(i) = static_cast<std::uint8_t>(0xA0 + i);
  envelope.timestamp_ms = 1700000000000;
  envelope.arrival_ms = 1700000000123;
  envelope.topic = "telemetry";
  envelope.key = "pump-7";
  std::string packed;
  sinks::pack_header(packed, "content-type", "text/plain");
  envelope.headers = sinks::HeaderList(packed);
  envelope.value = "21.5";
  std::string encoded;
  daemon::encode(envelope, encoded);
  same_as_page("envelope", encoded);
}

}  // namespace
}  // namespace rebuf::test
