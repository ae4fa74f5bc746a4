#include <doctest/doctest.h>

#include "tests/wal/scratch.h"

using namespace rebuf;
using namespace rebuf::test;
using Strings = std::vector<std::string>;

TEST_CASE("purge_through removes completed segments up to the number, and only them") {
  const TemporaryDirectory scratch;
  auto log = opened(scratch.path() / "log", small_segments(20));
  for (const char* entry : {"0", "1", "2", "3"}) REQUIRE(log->write(bytes(entry)).ok());
  REQUIRE(log->purge_through(1).ok());
  CHECK(replayed(*log) == Strings{"2", "3"});
  CHECK(names_in(scratch.path() / "log") == Strings{"rebuf-2", "rebuf.tmp"});
  CHECK(log->purge_through(0).ok());  // gone already
  CHECK(log->purge_through(3).code() == Code::invalid_argument);
  CHECK(log->purge_through(99).code() == Code::invalid_argument);
  CHECK(replayed(*log) == Strings{"2", "3"});
}

TEST_CASE("purge removes all entries, and the log goes on") {
  const TemporaryDirectory scratch;
  auto log = opened(scratch.path() / "log", small_segments(30));
  for (const char* entry : {"0", "1", "2"}) REQUIRE(log->write(bytes(entry)).ok());
  REQUIRE(log->purge().ok());
  CHECK(replayed(*log).empty());
  CHECK(log->segment_count() == 0);
  CHECK(log->current_log_size() == 0);
  CHECK(log->stats().bytes == 0);
  CHECK(log->stats().oldest == log->stats().end);
  REQUIRE(log->write(bytes("3")).ok());
  CHECK(replayed(*log) == Strings{"3"});
}

TEST_CASE("segment numbers are not used again, whatever was purged before a reopening") {
  const TemporaryDirectory scratch;
  Position end;
  {
    auto log = opened(scratch.path() / "log", small_segments(20));
    for (const char* entry : {"0", "1", "2"}) REQUIRE(log->write(bytes(entry)).ok());
    SUBCASE("by purge") { REQUIRE(log->purge().ok()); }
    SUBCASE("by purge_through") {
      REQUIRE(log->seal().ok());
      REQUIRE(log->purge_through(2).ok());
    }
    end = log->stats().end;
    CHECK(end == Position{3, 0});
  }
  auto log = opened(scratch.path() / "log", small_segments(20));
  CHECK(log->stats().end == end);
}

TEST_CASE("seal completes a segment that holds an entry, and no other") {
  const TemporaryDirectory scratch;
  auto log = opened(scratch.path() / "log");
  REQUIRE(log->seal().ok());
  CHECK(log->segment_count() == 0);
  REQUIRE(log->write(bytes("a")).ok());
  REQUIRE(log->seal().ok());
  CHECK(log->segment_count() == 1);
  CHECK(names_in(scratch.path() / "log") == Strings{"rebuf-0", "rebuf.tmp"});
  CHECK(log->purge_through(0).ok());
  CHECK(replayed(*log).empty());
}
