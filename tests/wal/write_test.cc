#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "tests/wal/scratch.h"

using namespace rebuf;
using namespace rebuf::test;
using Strings = std::vector<std::string>;

TEST_CASE("what is written replays in order, before and after a reopening") {
  const TemporaryDirectory scratch;
  {
    auto log = opened(scratch.path() / "log");
    REQUIRE(log->write(bytes("one")).ok());
    REQUIRE(log->write(bytes("two")).ok());
    CHECK(replayed(*log) == Strings{"one", "two"});
    CHECK(log->current_log_size() == 30);
    REQUIRE(log->close().ok());
  }
  auto log = opened(scratch.path() / "log");
  REQUIRE(log->write(bytes("three")).ok());
  CHECK(replayed(*log) == Strings{"one", "two", "three"});
  CHECK(read_file(scratch.path() / "log/rebuf.tmp") ==
        framed("one") + framed("two") + framed("three"));
}

TEST_CASE("an empty entry, an empty batch and an empty entry in a batch are refused") {
  const TemporaryDirectory scratch;
  auto log = opened(scratch.path() / "log");
  CHECK(log->write({}).code() == Code::invalid_argument);
  CHECK(log->write_batch({}).code() == Code::invalid_argument);
  const std::vector<Bytes> batch{bytes("a"), Bytes{}};
  CHECK(log->write_batch(batch).code() == Code::invalid_argument);
  CHECK(replayed(*log).empty());
}

TEST_CASE("a segment is completed before a write that would pass max_log_size, and not before") {
  const TemporaryDirectory scratch;
  auto log = opened(scratch.path() / "log", small_segments(26));
  REQUIRE(log->write(bytes("1")).ok());
  REQUIRE(log->write(bytes("2")).ok());  // 26 bytes: exactly full
  CHECK(log->segment_count() == 0);
  REQUIRE(log->write(bytes("3")).ok());
  CHECK(log->segment_count() == 1);
  CHECK(names_in(scratch.path() / "log") == Strings{"rebuf-0", "rebuf.tmp"});
  CHECK(read_file(scratch.path() / "log/rebuf-0") == framed("1") + framed("2"));
  CHECK(read_file(scratch.path() / "log/rebuf.tmp") == framed("3"));
}

TEST_CASE("an entry larger than max_log_size gets a segment of its own") {
  const TemporaryDirectory scratch;
  auto log = opened(scratch.path() / "log", small_segments(40));
  const std::string large(100, 'x');
  REQUIRE(log->write(bytes("a")).ok());
  REQUIRE(log->write(bytes(large)).ok());
  REQUIRE(log->write(bytes("b")).ok());
  CHECK(replayed(*log) == Strings{"a", large, "b"});
  CHECK(log->segment_count() == 2);
}

TEST_CASE("a batch stands in one segment") {
  const TemporaryDirectory scratch;
  auto log = opened(scratch.path() / "log", small_segments(60));
  REQUIRE(log->write(bytes("12345678")).ok());
  const std::vector<Bytes> batch{bytes("a"), bytes("b"), bytes("c"), bytes("d")};
  REQUIRE(log->write_batch(batch).ok());
  CHECK(read_file(scratch.path() / "log/rebuf-0") == framed("12345678"));
  CHECK(read_file(scratch.path() / "log/rebuf.tmp") ==
        framed("a") + framed("b") + framed("c") + framed("d"));
}

TEST_CASE("retention drops the oldest completed segment, or refuses and changes nothing") {
  const TemporaryDirectory scratch;
  Options options = small_segments(20);
  options.max_segments = 2;
  SUBCASE("drop_oldest") {
    auto log = opened(scratch.path() / "log", options);
    for (const char* entry : {"1", "2", "3", "4", "5"}) REQUIRE(log->write(bytes(entry)).ok());
    CHECK(replayed(*log) == Strings{"3", "4", "5"});
    CHECK(names_in(scratch.path() / "log") == Strings{"rebuf-2", "rebuf-3", "rebuf.tmp"});
  }
  SUBCASE("refuse") {
    options.on_full = OnFull::refuse;
    auto log = opened(scratch.path() / "log", options);
    for (const char* entry : {"1", "2", "3"}) REQUIRE(log->write(bytes(entry)).ok());
    CHECK(log->write(bytes("4")).code() == Code::full);
    CHECK(replayed(*log) == Strings{"1", "2", "3"});
    REQUIRE(log->purge_through(0).ok());
    CHECK(log->write(bytes("4")).ok());
    CHECK(replayed(*log) == Strings{"2", "3", "4"});
  }
}

TEST_CASE("many threads write at once: all is there, each thread's own in order") {
  const TemporaryDirectory scratch;
  auto log = opened(scratch.path() / "log", small_segments(2000));
  constexpr int threads = 8;
  constexpr int writes = 50;
  std::vector<std::thread> writers;
  std::atomic<int> failed = 0;
  for (int t = 0; t < threads; ++t) {
    writers.emplace_back([&, t] {
      for (int i = 0; i < writes; ++i) {
        const std::string entry = std::to_string(t) + ":" + std::to_string(i);
        if (!log->write(bytes(entry)).ok()) ++failed;
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  CHECK(failed == 0);
  std::vector<int> next(threads, 0);
  for (const std::string& entry : replayed(*log)) {
    const auto colon = entry.find(':');
    const auto thread = static_cast<std::size_t>(std::stoi(entry.substr(0, colon)));
    CHECK(std::stoi(entry.substr(colon + 1)) == next[thread]++);
  }
  CHECK(next == std::vector<int>(threads, writes));
  CHECK(log->stats().entries_written == threads * writes);
}

TEST_CASE("preallocated space is not part of the log, and is given back") {
  const TemporaryDirectory scratch;
  Options options = small_segments(1000);
  options.preallocate = 400;
  auto log = opened(scratch.path() / "log", options);
  REQUIRE(log->write(bytes("a")).ok());
  CHECK(std::filesystem::file_size(scratch.path() / "log/rebuf.tmp") == 413);
  CHECK(log->current_log_size() == 13);
  CHECK(replayed(*log) == Strings{"a"});
  SUBCASE("at close") {
    REQUIRE(log->close().ok());
    CHECK(read_file(scratch.path() / "log/rebuf.tmp") == framed("a"));
  }
  SUBCASE("when the segment is completed") {
    REQUIRE(log->seal().ok());
    CHECK(read_file(scratch.path() / "log/rebuf-0") == framed("a"));
  }
}

TEST_CASE("nothing can be done with a closed log") {
  const TemporaryDirectory scratch;
  auto log = opened(scratch.path() / "log");
  REQUIRE(log->write(bytes("a")).ok());
  REQUIRE(log->close().ok());
  CHECK(log->write(bytes("b")).code() == Code::closed);
  CHECK(log->sync().code() == Code::closed);
  CHECK(log->seal().code() == Code::closed);
  CHECK(log->purge().code() == Code::closed);
  CHECK(log->purge_through(0).code() == Code::closed);
  CHECK(log->save_cursor({}).code() == Code::closed);
  CHECK(log->replay([](Bytes) { return Status{}; }).code() == Code::closed);
  CHECK(log->close().code() == Code::closed);
}

TEST_CASE("sync and close reach what was written in segments that are completed already") {
  const TemporaryDirectory scratch;
  Options options = small_segments(40);
  SUBCASE("manual") { options.sync_strategy = SyncStrategy::manual; }
  SUBCASE("interval") {
    options.sync_strategy = SyncStrategy::interval;
    options.fsync_time = std::chrono::milliseconds(1);
  }
  auto log = opened(scratch.path() / "log", options);
  for (int i = 0; i < 100; ++i) REQUIRE(log->write(bytes("entry")).ok());
  CHECK(replayed(*log).size() == 100);
  CHECK(log->segment_count() == 49);
  CHECK(log->sync().ok());
  CHECK(log->write(bytes("last")).ok());
  CHECK(log->close().ok());
  CHECK(replayed(*opened(scratch.path() / "log", options)).size() == 101);
}
