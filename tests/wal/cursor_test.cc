#include <doctest/doctest.h>

#include "tests/wal/scratch.h"
#include "tests/wal/sim/sim_file_system.h"

using namespace rebuf;
using namespace rebuf::test;
using How = CursorFound::How;

namespace {

// A log of entries "1" to "9", three a segment, and a cursor behind the first `done` of them.
struct Cursored {
  TemporaryDirectory scratch;
  std::filesystem::path dir = scratch.path() / "log";
  Options options = small_segments(40);
  Position position;

  explicit Cursored(std::uint64_t done) {
    options.ordinal_of = [](Bytes data) -> std::optional<std::uint64_t> {
      return std::stoull(text(data));
    };
    auto log = opened(dir, options);
    for (char c = '1'; c <= '9'; ++c) REQUIRE(log->write(bytes(std::string(1, c))).ok());
    if (done > 0) position = {(done - 1) / 3, ((done - 1) % 3 + 1) * 13};
    REQUIRE(log->save_cursor({position, done + 1, {std::byte{7}}}).ok());
  }
  [[nodiscard]] std::unique_ptr<Log> again() const { return opened(dir, options); }
};

}  // namespace

TEST_CASE("without a cursor file the cursor is at the oldest entry") {
  const TemporaryDirectory scratch;
  auto log = opened(scratch.path() / "log");
  CHECK(log->cursor_at_open().how == How::none);
  CHECK(log->cursor_at_open().cursor.position == log->stats().oldest);
}

TEST_CASE("a saved cursor is found as it was, wherever it points") {
  for (std::uint64_t done = 0; done <= 9; ++done) {
    const Cursored saved(done);
    const auto log = saved.again();
    const CursorFound& found = log->cursor_at_open();
    CHECK(found.how == How::exact);
    CHECK(found.cursor.position == saved.position);
    CHECK(found.cursor.ordinal == done + 1);
    CHECK(found.cursor.user == std::vector{std::byte{7}});
  }
}

TEST_CASE("a damaged cursor file falls back to the oldest entry") {
  const Cursored saved(4);
  const auto path = saved.scratch.path() / "log.state/cursor";
  std::string content = read_file(path);
  content[20] ^= 1;
  write_file(path, content);
  const auto log = saved.again();
  CHECK(log->cursor_at_open().how == How::fell_back);
  CHECK(log->cursor_at_open().cursor.position == Position{0, 0});
  CHECK_FALSE(log->cursor_at_open().reason.empty());
}

TEST_CASE("a cursor behind another entry than the one it passed falls back") {
  const Cursored saved(4);
  write_file(saved.dir / "rebuf-1", framed("3") + framed("5") + framed("6"));
  CHECK(saved.again()->cursor_at_open().how == How::fell_back);
}

TEST_CASE("a cursor behind segments that were begun again at 0 falls back") {
  const Cursored saved(6);
  for (const char* name : {"rebuf-0", "rebuf-1"}) std::filesystem::remove(saved.dir / name);
  write_file(saved.dir / "rebuf-0", framed("10") + framed("11"));
  const auto log = saved.again();
  CHECK(log->cursor_at_open().how == How::fell_back);
  CHECK(log->cursor_at_open().cursor.position == Position{0, 0});
}

TEST_CASE("a cursor whose segment was purged goes on with the next") {
  const Cursored saved(3);
  auto log = saved.again();
  REQUIRE(log->purge_through(1).ok());
  log.reset();
  log = saved.again();
  CHECK(log->cursor_at_open().how == How::exact);
  CHECK(log->cursor_at_open().cursor.position == Position{2, 0});
}

TEST_CASE("a cursor past its segment's end is set to that end before anything is appended") {
  const Cursored saved(9);
  write_file(saved.dir / "rebuf.tmp", framed("7"));
  CHECK(saved.again()->cursor_at_open().cursor.position == Position{2, 13});
  auto log = saved.again();
  CHECK(log->cursor_at_open().how == How::exact);
  CHECK(log->cursor_at_open().cursor.ordinal == 8);
  REQUIRE(log->write(bytes("8")).ok());
  log.reset();
  log = saved.again();
  CHECK(log->cursor_at_open().cursor.position == Position{2, 13});
}

TEST_CASE("a cursor whose caller knows the entry before it is saved without a look at others") {
  const Cursored saved(0);
  auto log = saved.again();
  const auto path = saved.dir / "rebuf-0";
  std::string content = read_file(path);
  content[0] = '\x7f';  // the first entry's size: a walk would end there
  write_file(path, content);
  REQUIRE(log->save_cursor({{0, 26}, 3, {}, Position{0, 13}}).ok());
  log.reset();
  write_file(path, framed("1") + framed("7") + framed("3"));
  log = saved.again();
  CHECK(log->cursor_at_open().how == How::fell_back);  // the second entry was known
}

TEST_CASE("a cursor whose caller is wrong about the entry before it is as good as any") {
  const Cursored saved(0);
  auto log = saved.again();
  REQUIRE(log->save_cursor({{1, 26}, 6, {}, Position{1, 9}}).ok());
  log.reset();
  log = saved.again();
  CHECK(log->cursor_at_open().how == How::exact);
  log.reset();
  write_file(saved.dir / "rebuf-1", framed("4") + framed("9") + framed("6"));
  log = saved.again();
  CHECK(log->cursor_at_open().how == How::fell_back);  // the second entry was found
}

TEST_CASE("a cursor whose saving failed is saved again as it should have been") {
  SimFileSystem fs;
  Options options;
  options.file_system = &fs;
  {
    const auto log = opened("/log", options);
    for (char c = '1'; c <= '3'; ++c) REQUIRE(log->write(bytes(std::string(1, c))).ok());
    REQUIRE(log->save_cursor({{0, 13}, 2, {}}).ok());
    fs.set_hook([](const Asked& asked) {
      return asked.call == Call::rename ? Verdict::fail(ENOSPC) : Verdict{};
    });
    REQUIRE_FALSE(log->save_cursor({{0, 26}, 3, {}}).ok());
    fs.set_hook({});
    REQUIRE(log->save_cursor({{0, 26}, 3, {}}).ok());
  }
  const auto log = opened("/log", options);
  CHECK(log->cursor_at_open().how == How::exact);
  CHECK(log->cursor_at_open().cursor.position == Position{0, 26});
}

TEST_CASE("cursors are saved on and on, also behind entries of other segments") {
  const Cursored saved(0);
  auto log = saved.again();
  auto reader = log->reader({});
  std::uint64_t done = 0;
  for (bool at_end = false; !at_end;) {
    const auto block = reader->next(1);
    REQUIRE(block.ok());
    for (const EntryRef& entry : block->entries) {
      REQUIRE(log->save_cursor({entry.end, ++done + 1, {}}).ok());
    }
    at_end = block->at_end;
  }
  CHECK(done == 9);
  log.reset();
  log = saved.again();
  CHECK(log->cursor_at_open().how == How::exact);
  CHECK(log->cursor_at_open().cursor.position == Position{2, 39});
}
