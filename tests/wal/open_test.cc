#include <doctest/doctest.h>

#include "tests/wal/scratch.h"

using namespace rebuf;
using namespace rebuf::test;
using Strings = std::vector<std::string>;

namespace {

// A directory as somebody else left it.
struct Found {
  TemporaryDirectory scratch;
  std::filesystem::path dir = scratch.path() / "log";
  Found() { std::filesystem::create_directory(dir); }
  void file(const std::string& name, std::string_view content) const {
    write_file(dir / name, content);
  }
  [[nodiscard]] Strings quarantine() const {
    const auto path = scratch.path() / "log.state/quarantine";
    return std::filesystem::exists(path) ? names_in(path) : Strings{};
  }
};

}  // namespace

TEST_CASE("a new directory, its state directory and the active file are made") {
  const TemporaryDirectory scratch;
  auto log = opened(scratch.path() / "log/");
  CHECK(names_in(scratch.path()) == Strings{"log", "log.state"});
  CHECK(names_in(scratch.path() / "log") == Strings{"rebuf.tmp"});
  CHECK(log->dir() == scratch.path() / "log");
  CHECK(log->stats().oldest == log->stats().end);
}

TEST_CASE("options that can never work are refused") {
  const TemporaryDirectory scratch;
  Options options;
  SUBCASE("max_log_size") { options.max_log_size = 12; }
  SUBCASE("max_segments") { options.max_segments = 0; }
  SUBCASE("fsync_time") {
    options.sync_strategy = SyncStrategy::interval;
    options.fsync_time = std::chrono::milliseconds(0);
  }
  CHECK(Log::open(scratch.path() / "log", options).status().code() == Code::invalid_argument);
  CHECK(names_in(scratch.path()).empty());
}

TEST_CASE("a directory is open once") {
  const TemporaryDirectory scratch;
  auto log = opened(scratch.path() / "log");
  CHECK(Log::open(scratch.path() / "log").status().code() == Code::locked);
  log.reset();
  CHECK(Log::open(scratch.path() / "log").ok());
}

TEST_CASE("a directory whose parent is missing is an error") {
  const TemporaryDirectory scratch;
  const auto log = Log::open(scratch.path() / "missing/log");
  CHECK(log.status().code() == Code::io);
  CHECK(log.status().errno_value() == ENOENT);
}

TEST_CASE("a directory of the Go library's: numbers as numbers, gaps, no active file") {
  const Found found;
  found.file("rebuf-2", framed("a"));
  found.file("rebuf-10", framed("c"));
  found.file("rebuf-9", framed("b"));
  auto log = opened(found.dir);
  CHECK(replayed(*log) == Strings{"a", "b", "c"});
  CHECK(replayed(*log, 9) == Strings{"b", "c"});
  REQUIRE(log->write(bytes("d")).ok());
  REQUIRE(log->seal().ok());
  CHECK(read_file(found.dir / "rebuf-11") == framed("d"));
}

TEST_CASE("a torn last entry is cut off, kept in quarantine, and everything before it replays") {
  const Found found;
  found.file("rebuf.tmp", framed("a") + framed("b") + framed("torn").substr(0, 14));
  auto log = opened(found.dir);
  CHECK(replayed(*log) == Strings{"a", "b"});
  CHECK(read_file(found.dir / "rebuf.tmp") == framed("a") + framed("b"));
  CHECK(found.quarantine() == Strings{"0-26-14"});
  CHECK(read_file(found.scratch.path() / "log.state/quarantine/0-26-14") ==
        framed("torn").substr(0, 14));
  CHECK(log->stats().damaged_bytes == 14);
  CHECK(log->stats().quarantined_bytes == 14);
}

TEST_CASE("zeros up to the end of the active file are unwritten space") {
  const Found found;
  found.file("rebuf.tmp", framed("a") + std::string(5000, '\0'));
  auto log = opened(found.dir);
  CHECK(replayed(*log) == Strings{"a"});
  CHECK(log->stats().damaged_bytes == 0);
  CHECK(log->stats().zero_entries_skipped == 0);
  CHECK(found.quarantine().empty());
  REQUIRE(log->write(bytes("b")).ok());
  CHECK(read_file(found.dir / "rebuf.tmp") == framed("a") + framed("b"));
}

TEST_CASE("damage in the middle of the active file costs nothing behind it") {
  const Found found;
  std::string content = framed("aaaa") + framed("bbbb") + framed("cccc");
  content[16 + 13] ^= 1;
  found.file("rebuf.tmp", content);
  auto log = opened(found.dir);
  CHECK(replayed(*log) == Strings{"aaaa", "cccc"});
  CHECK(read_file(found.dir / "rebuf-0") == content);
  CHECK(found.quarantine() == Strings{"0-16-16"});
  CHECK(log->stats().damaged_bytes == 16);
}

TEST_CASE("a hole of zeros in the middle is never handed out as entries") {
  SUBCASE("of a length that empty entries would have") {
    const Found found;
    found.file("rebuf.tmp", framed("a") + std::string(1200, '\0') + framed("b"));
    auto log = opened(found.dir);
    CHECK(replayed(*log) == Strings{"a", "b"});
    CHECK(log->stats().zero_entries_skipped == 100);
    CHECK(log->stats().damaged_bytes == 0);
  }
  SUBCASE("of any other length") {
    for (std::size_t zeros = 1; zeros < 40; ++zeros) {
      const Found found;
      found.file("rebuf.tmp", framed("a") + std::string(zeros, '\0') + framed("b"));
      auto log = opened(found.dir);
      CHECK(replayed(*log) == Strings{"a", "b"});
    }
  }
}

TEST_CASE("foreign files are left alone and named") {
  const Found found;
  found.file("notes.txt", "hello");
  found.file("rebuf-07", "hello");
  std::filesystem::create_directory(found.dir / "rebuf-3");
  auto log = opened(found.dir);
  CHECK(log->stats().foreign_files == Strings{"notes.txt", "rebuf-07", "rebuf-3"});
  REQUIRE(log->write(bytes("a")).ok());
  REQUIRE(log->seal().ok());
  CHECK(read_file(found.dir / "rebuf-4") == framed("a"));
  CHECK(read_file(found.dir / "notes.txt") == "hello");
}

TEST_CASE("the last entry's ordinal is found wherever it stands") {
  const Found found;
  Options options;
  options.ordinal_of = [](Bytes data) -> std::optional<std::uint64_t> {
    return std::stoull(text(data));
  };
  CHECK_FALSE(opened(found.dir, options)->last_ordinal_at_open());
  found.file("rebuf-0", framed("1") + framed("2"));
  found.file("rebuf-1", "");
  CHECK(opened(found.dir, options)->last_ordinal_at_open() == 2);
  found.file("rebuf.tmp", framed("3") + framed("4"));
  CHECK(opened(found.dir, options)->last_ordinal_at_open() == 4);
}
