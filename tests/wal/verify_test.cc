#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "rebuf/verify.h"
#include "tests/wal/scratch.h"

using namespace rebuf;
using namespace rebuf::test;
using Strings = std::vector<std::string>;

namespace {

// Two completed segments and the active one, each with something wrong in it.
struct Damaged {
  TemporaryDirectory scratch;
  std::filesystem::path dir = scratch.path() / "log";

  Damaged() {
    std::filesystem::create_directory(dir);
    std::string flipped = framed("aaaa") + framed("bbbb") + framed("cccc");
    flipped[16 + 12] ^= 1;
    write_file(dir / "rebuf-3", flipped);
    write_file(dir / "rebuf-4", "nothing that is an entry" + framed("dddd"));
    write_file(dir / "rebuf.tmp", framed("eeee") + framed("torn").substr(0, 15));
    write_file(dir / "other", "left alone");
  }
  [[nodiscard]] Strings entries() const {
    Strings found;
    ScanOptions options;
    options.on_entry = [&](const EntryRef& entry) {
      found.push_back(text(entry.data));
      return Status{};
    };
    REQUIRE(scan(dir, options).ok());
    return found;
  }
};

}  // namespace

TEST_CASE("scan finds every damage and every entry, and changes nothing") {
  const Damaged damaged;
  const auto report = scan(damaged.dir);
  REQUIRE(report.ok());
  CHECK_FALSE(report->clean());
  REQUIRE(report->damages.size() == 3);
  CHECK(report->damages[0].begin == Position{3, 16});
  CHECK(report->damages[0].length == 16);
  CHECK(report->damages[1].begin == Position{4, 0});
  CHECK(report->damages[1].length == 24);
  CHECK(report->damages[2].begin == Position{5, 16});
  CHECK(report->damages[2].length == 15);
  CHECK(report->foreign_files == Strings{"other"});
  REQUIRE(report->segments.size() == 3);
  CHECK(report->segments[0].entries == 2);
  CHECK(report->segments[2].active);
  CHECK(damaged.entries() == Strings{"aaaa", "cccc", "dddd", "eeee"});
  CHECK(names_in(damaged.dir) == Strings{"other", "rebuf-3", "rebuf-4", "rebuf.tmp"});
  CHECK(names_in(damaged.scratch.path()) == Strings{"log"});
}

TEST_CASE("repair leaves nothing but entries, and what it took out in quarantine") {
  const Damaged damaged;
  const auto report = repair(damaged.dir);
  REQUIRE(report.ok());
  CHECK(report->damages.size() == 3);
  CHECK(read_file(damaged.dir / "rebuf-3") == framed("aaaa") + framed("cccc"));
  CHECK(read_file(damaged.dir / "rebuf-4") == framed("dddd"));
  CHECK(read_file(damaged.dir / "rebuf.tmp") == framed("eeee"));
  CHECK(read_file(damaged.dir / "other") == "left alone");
  CHECK(names_in(damaged.scratch.path() / "log.state/quarantine") ==
        Strings{"3-16-16", "4-0-24", "5-16-15"});
  const auto again = scan(damaged.dir);
  REQUIRE(again.ok());
  CHECK(again->clean());
}

TEST_CASE("repair gives back what was allocated ahead") {
  const TemporaryDirectory scratch;
  std::filesystem::create_directory(scratch.path() / "log");
  write_file(scratch.path() / "log/rebuf.tmp", framed("a") + std::string(9000, '\0'));
  const auto report = repair(scratch.path() / "log");
  REQUIRE(report.ok());
  CHECK(report->clean());
  CHECK(report->segments.at(0).unwritten_bytes == 9000);
  CHECK(read_file(scratch.path() / "log/rebuf.tmp") == framed("a"));
}

TEST_CASE("the cursor points to the same entry before and after a repair") {
  const TemporaryDirectory scratch;
  const auto dir = scratch.path() / "log";
  {
    auto log = opened(dir);
    for (const char* entry : {"aaaa", "bbbb", "cccc", "dddd"}) {
      REQUIRE(log->write(bytes(entry)).ok());
    }
    REQUIRE(log->save_cursor({{0, 48}, 0, {}}).ok());
  }
  std::string content = read_file(dir / "rebuf.tmp");
  content[16 + 12] ^= 1;
  write_file(dir / "rebuf.tmp", content);
  REQUIRE(repair(dir).ok());
  auto log = opened(dir);
  CHECK(log->cursor_at_open().how == CursorFound::How::exact);
  CHECK(log->cursor_at_open().cursor.position == Position{0, 32});
}

TEST_CASE("repair refuses a live directory, scan reads it") {
  const TemporaryDirectory scratch;
  auto log = opened(scratch.path() / "log");
  REQUIRE(log->write(bytes("a")).ok());
  CHECK(repair(scratch.path() / "log").status().code() == Code::locked);
  const auto report = scan(scratch.path() / "log");
  REQUIRE(report.ok());
  CHECK(report->clean());
  CHECK(report->segments.at(0).entries == 1);
}

TEST_CASE("a directory that is not there is not_found, and is not made") {
  const TemporaryDirectory scratch;
  CHECK(scan(scratch.path() / "log").status().code() == Code::not_found);
  CHECK(repair(scratch.path() / "log").status().code() == Code::not_found);
  CHECK(names_in(scratch.path()).empty());
}

TEST_CASE("scans of a log that is written, rotated and purged meanwhile find no damage") {
  const TemporaryDirectory scratch;
  Options options = small_segments(4096);
  options.sync_strategy = SyncStrategy::manual;
  auto log = opened(scratch.path() / "log", options);
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    const std::string data(700, 'x');
    for (int i = 0; !stop; ++i) {
      CHECK(log->write(bytes(data)).ok());
      if (i % 100 == 99) CHECK(log->purge().ok());
    }
  });
  for (int i = 0; i < 200; ++i) {
    const auto report = scan(scratch.path() / "log");
    REQUIRE(report.ok());
    CHECK(report->clean());
  }
  stop = true;
  writer.join();
}
